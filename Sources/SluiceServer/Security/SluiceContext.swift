package import Hummingbird
package import SluiceModel

/// What is known of a request: who asks, and what they may.
package struct SluiceContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  package var actor = Actor(name: "unknown", trust: .claimed)
  package var rights: Set<TokenRight> = []

  package init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }

  /// - Throws: `token.right`.
  func require(_ right: TokenRight) throws(SluiceError) {
    guard !rights.contains(right) else { return }
    throw SluiceError(
      .tokenRight, what: "the token '\(actor.name)' does not have the right '\(right.rawValue)'", at: "token",
      fix:
        "ask someone with the right 'admin' for a token that has it: sluice token create NAME --right \(right.rawValue)"
    )
  }
}
