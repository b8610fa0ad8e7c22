import FoundationEssentials
import SluiceGraph
import SluiceModel

/// Only what people keep as it is: frozen, or in somebody's hands.
package struct KeptFilter: Sendable {
  package var frozen: Bool
  package var held: Bool

  /// Nil where neither is asked for.
  package init?(frozen: Bool, held: Bool) {
    guard frozen || held else { return nil }
    (self.frozen, self.held) = (frozen, held)
  }

  func includes(_ product: ProductStatus) -> Bool {
    frozen && product.frozen != nil || held && product.held != nil
  }
}

extension Project {
  /// The freeze of a product that is in force, and who has it in hand.
  func kept(_ ref: ProductRef, now: Date) -> (frozen: FreezeNote?, held: HoldNote?) {
    // Most products have neither, and a register is quickly looked up.
    guard registers[.frozen(ref)] != nil || registers[.held(ref)] != nil else { return (nil, nil) }
    let frozen = freeze(of: ref, now: now).map { freeze in
      FreezeNote(
        version: freeze.at, number: version(of: ref, .id(freeze.at))?.number, until: freeze.until,
        because: freeze.because, actor: freeze.actor, time: freeze.time)
    }
    let held = products[ref]?.hold.map { HoldNote(because: $0.because, actor: $0.actor, time: $0.time) }
    return (frozen, held)
  }

  /// What the tags of a product stand for now.
  func tags(of product: Product) -> [String: VersionID] {
    product.tags.filter { tag, _ in version(of: product.ref, .tag(tag)) != nil }
  }
}
