/// Environment templates around a job: what a studio wraps around every job of a queue.
extension OpenJD.JobTemplate {
  /// This template with environments that are entered before its own, in their order, and their parameters.
  ///
  /// Source: `merge_job_parameter_definitions` of `openjd-model` 0.13.
  /// - Throws: `openjd.parameter` where templates want of one parameter what no value can be, `openjd.value` where more
  ///   than one environment of a session wraps actions.
  package func within(_ outer: [OpenJD.EnvironmentTemplate]) throws(TemplateProblems) -> OpenJD.JobTemplate {
    guard !outer.isEmpty else { return self }
    var problems: [TemplateProblem] = []
    var merged: [OpenJD.JobParameter] = []
    for parameter in outer.flatMap(\.parameters) + parameters {
      guard let at = merged.firstIndex(where: { $0.name == parameter.name }) else {
        merged.append(parameter)
        continue
      }
      do {
        merged[at] = try merged[at].merged(with: parameter)
      } catch {
        problems.append(
          TemplateProblem(
            .openjdParameter, "the parameter '\(parameter.name)' \(error.what)",
            fix: "let the templates want the same of it, or leave one of them out", path: "parameterDefinitions"))
      }
    }
    let wrapping = (outer.map(\.environment) + environments).filter(\.wraps).map(\.name)
    let inner = steps.flatMap(\.environments).filter(\.wraps).map(\.name)
    if wrapping.count > 1 || !wrapping.isEmpty && !inner.isEmpty {
      problems.append(
        TemplateProblem(
          .openjdValue,
          "more than one environment of its sessions wraps actions: \((wrapping + inner).joined(separator: ", "))",
          fix: "let one of them wrap actions", path: "jobEnvironments"))
    }
    guard problems.isEmpty else { throw TemplateProblems(problems) }
    let named = outer.flatMap(\.extensions) + extensions
    return OpenJD.JobTemplate(
      extensions: OpenJD.Extension.allCases.filter { named.contains($0) }, name: name, description: description,
      parameters: merged, environments: outer.map(\.environment) + environments, steps: steps)
  }
}

extension OpenJD.Environment {
  fileprivate var wraps: Bool { script?.wrap != nil }
}

extension OpenJD.JobParameter {
  /// One that satisfies both; the later one's default counts.
  /// - Throws: why there is none, in words that go on from "the parameter 'x' ".
  fileprivate func merged(with later: OpenJD.JobParameter) throws(Refusal) -> OpenJD.JobParameter {
    guard rule.type == later.rule.type else {
      throw Refusal("is \(rule.type.rawValue) in one template and \(later.rule.type.rawValue) in another")
    }
    let merged = OpenJD.JobParameter(
      name: name, description: later.description ?? description, rule: try rule.merged(with: later.rule),
      standard: later.standard ?? standard, userInterface: later.userInterface ?? userInterface)
    if let standard = merged.standard, let refusal = merged.refusal(of: standard) {
      throw Refusal("has the default '\(standard)', which \(refusal)")
    }
    return merged
  }
}

extension OpenJD.JobParameter.Rule {
  fileprivate typealias Refusal = OpenJD.JobParameter.Refusal

  /// Bounds of lists and their like are the later one's, as `openjd-model` has it.
  fileprivate func merged(with later: Self) throws(Refusal) -> Self {
    switch (self, later) {
    case (.string(let one), .string(let other)): return .string(try one.merged(with: other))
    case (.path(let one, let use), .path(let other, let otherUse)):
      return .path(try one.merged(with: other), try use.merged(with: otherUse))
    case (.int(let one), .int(let other)): return .int(try one.merged(with: other))
    case (.float(let one), .float(let other)): return .float(try one.merged(with: other))
    default: return later
    }
  }
}

extension OpenJD.JobParameter.TextRule {
  fileprivate func merged(with other: Self) throws(OpenJD.JobParameter.Refusal) -> Self {
    let merged = Self(
      minLength: larger(minLength, other.minLength), maxLength: smaller(maxLength, other.maxLength),
      allowed: try common(allowed, other.allowed))
    if let least = merged.minLength, let most = merged.maxLength, least > most {
      throw OpenJD.JobParameter.Refusal("must have at least \(least) characters, and at most \(most)")
    }
    return merged
  }
}

extension OpenJD.JobParameter.NumberRule {
  fileprivate func merged(with other: Self) throws(OpenJD.JobParameter.Refusal) -> Self {
    let merged = Self(
      least: larger(least, other.least), most: smaller(most, other.most), allowed: try common(allowed, other.allowed))
    if let least = merged.least, let most = merged.most, least > most {
      throw OpenJD.JobParameter.Refusal("must be at least \(least), and at most \(most)")
    }
    return merged
  }
}

extension OpenJD.JobParameter.PathUse {
  fileprivate func merged(with other: Self) throws(OpenJD.JobParameter.Refusal) -> Self {
    guard object ?? .directory == other.object ?? .directory else {
      throw OpenJD.JobParameter.Refusal("is a file in one template and a folder in another")
    }
    if let flow, let otherFlow = other.flow, flow != otherFlow {
      throw OpenJD.JobParameter.Refusal(
        "has the data flow \(flow.rawValue) in one template and \(otherFlow.rawValue) in another")
    }
    return Self(object: object ?? other.object, flow: flow ?? other.flow)
  }
}

private func larger<Value: Comparable>(_ one: Value?, _ other: Value?) -> Value? {
  [one, other].compactMap { $0 }.max()
}

private func smaller<Value: Comparable>(_ one: Value?, _ other: Value?) -> Value? {
  [one, other].compactMap { $0 }.min()
}

/// - Returns: nil where both allow everything.
private func common<Value: Hashable>(
  _ one: [Value]?, _ other: [Value]?
) throws(OpenJD.JobParameter.Refusal) -> [Value]? {
  guard let one, let other else { return one ?? other }
  let both = one.filter { other.contains($0) }
  if both.isEmpty { throw OpenJD.JobParameter.Refusal("is allowed no value by all templates together") }
  return both
}
