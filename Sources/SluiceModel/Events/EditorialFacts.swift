/// Assets were put into a shot, or taken out; the shot is the event's folder. What is not named stays as it was.
package struct CastingChanged: Sendable, Equatable, Codable {
  package var add: [FolderPath]?
  package var remove: [FolderPath]?
  package init(add: [FolderPath]? = nil, remove: [FolderPath]? = nil) { (self.add, self.remove) = (add, remove) }
}
