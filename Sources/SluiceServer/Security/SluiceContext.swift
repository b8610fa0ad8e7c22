package import Hummingbird
import SluiceEngine
package import SluiceModel

/// What is known of a request: who asks, and what they may.
package struct SluiceContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  package var actor = Actor(name: "unknown", trust: .claimed)
  package var rights: Set<TokenRight> = []
  /// The request's W3C trace context.
  package var traceparent: String?

  package init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }

  /// What facts say of where they come from.
  var origin: Origin { Origin(actor: actor, traceparent: traceparent) }

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
