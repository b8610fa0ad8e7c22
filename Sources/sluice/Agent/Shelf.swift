/// What an agent keeps of what it brings.
struct Shelf: Sendable {
  let root: String
  let bytes: Int64
}
