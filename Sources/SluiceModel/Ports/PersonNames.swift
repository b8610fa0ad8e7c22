/// Keeps the names of people outside of the log, in which aliases stand for them.
///
/// What goes into the log, and so into the views and the blobs, carries aliases; where bytes go out, `known` puts the
/// names in their place. So a name can be erased although no event ever is.
package protocol PersonNames: AnyObject, Sendable {
  /// All names that are known now.
  var known: KnownNames { get }

  /// The alias of a name, made by chance where the name is new; a text that is an alias already stays one.
  ///
  /// A new one must be settled before it is used in anything that is kept.
  /// - Throws: `person.limit`.
  func alias(of name: String) throws(SluiceError) -> PersonAlias

  /// Makes every alias durable that was made before; costs next to nothing where none is new.
  /// - Throws: `log.full`, `log.failed`; then none of the new ones may be used, and the next call tries again.
  func settle() async throws(SluiceError)

  /// Forgets names for good: from now on nothing shows them, and once `record` has returned they are taken off the
  /// disk. Where that fails they are known again, and it may be called again.
  /// - Throws: what `record` throws, `log.full`, `log.failed`.
  func erase(_ aliases: Set<PersonAlias>, recording record: () async throws(SluiceError) -> Void)
    async throws(SluiceError)
}

extension SluiceError {
  package static func tooManyPeople(_ name: String) -> SluiceError {
    SluiceError(
      .personLimit, what: "\(Limits.people) names are known, and '\(NameRule.printable(name))' would be one more",
      at: "name", fix: "use a name again that is known: set SLUICE_ACTOR to who it is, not to what is done")
  }
}
