import SluiceModel

// What a glance looks at, as far as it does.

extension Glance {
  /// The latest version of a product, as far as its users look at it.
  struct Source {
    let content: Digest
    let lair: Lair
    /// The number of what it has of them; a sequence has some.
    let frames: Int32
    let isSequence: Bool
    /// Whether its files were dropped.
    let isGone: Bool
  }

  /// The same as far as its maker looks at it.
  struct Recorded {
    let lair: Lair
    let frames: Int32
    let core: Digest
    /// Nil where it is what follows from core and inputs.
    let recipe: Digest?
    let isUniform: Bool
    /// Whether none of its files can be carried into the next version.
    let isBaseGone: Bool
  }

  /// Where a version lies: the folder's place, the shelf, and its number there.
  struct Lair {
    let place, part, record: Int32
  }

  struct Place {
    let folder: Folder
    /// The number of the folder's range.
    let frames: Int32
    /// Whether steps with `frames: range` can work over it.
    let isWorkable: Bool
    let shelves: [Shelf]
    /// The number of what the folder says of itself.
    let words: Int
    /// What the references of its products begin with, where that was asked for.
    var prefix: [UInt8] = []
  }

  struct Bound {
    let input: Int
    let product: Int
    let source: Source
    /// Its maker, where that is to be made anew first; -1 for none.
    let above: Int
  }

  /// A unit that is to be made anew first, with the numbers of what it says of frames.
  struct Above {
    let finding: Finding
    let framed: Framed
  }
  struct Framed {
    var (existing, expected, stale) = (FrameNumbers.none, FrameNumbers.none, FrameNumbers.none)
    var available = FrameNumbers.none
    var isKnown = false
  }

  /// The numbers of what the inputs of a unit have, and of what is to be made.
  struct Wanted {
    let available, expected: Int32
    let isKnown: Bool
  }

  struct Compared {
    let form: UnsafeRawPointer?
    /// Which links lead to the unit's own folder, a bit for each.
    let near: UInt64
    let isSame: Bool
  }

  struct Move: Hashable {
    let product: Int
    let before: VersionID
    let frames: FrameSet?
  }
}
