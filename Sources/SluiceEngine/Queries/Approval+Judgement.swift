import SluiceGraph
import SluiceModel

/// Completeness and approval: the two of the four states that no change of an input touches.
extension Project {
  /// Whether every output of a unit is there, with every frame that is expected of it.
  func completeness(of assessment: Assessment) -> Completeness {
    for product in assessment.unit.outputs {
      let version = assessment.unit.step.isHuman ? version(of: product, .latest) : newest(of: product)
      guard let version else {
        let what = product == assessment.unit.outputs.first ? "it" : product.spoken
        return Completeness(value: false, reason: "\(what) has not been made yet")
      }
      guard let expected = assessment.expected, let there = version.published.representations.first?.frames else {
        continue
      }
      let missing = expected.subtracting(there)
      guard missing.isEmpty else {
        return Completeness(
          value: false,
          reason: "\(Reasons.spoken(missing)) \(missing.count == 1 ? "is" : "are") not in \(version.spoken)")
      }
    }
    return Completeness(value: true, reason: nil)
  }

  /// What was said of a product's latest version; where all were rejected, of the newest.
  func approval(of ref: ProductRef) -> Approval {
    (version(of: ref, .latest) ?? newest(of: ref))?.judgement.map(Approval.init) ?? .unsaid
  }
}

extension Approval {
  init(_ judgement: Judgement) {
    self.init(
      verdict: judgement.verdict, by: judgement.actor.name, time: judgement.time, because: judgement.because)
  }
}
