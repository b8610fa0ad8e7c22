package import SluiceModel

/// Tokens: the secret is shown once, its digest is kept.
package enum Tokens {
  package static func make(
    _ name: String, rights: [TokenRight]?, ambient: Ambient
  ) throws(SluiceError) -> (token: String, draft: Draft) {
    try NameRule.require(name, as: "token", in: name)
    let token = "sluice_" + ambient.makeSecret(bytes: 24)
    let fact = TokenCreated(name: name, digest: Digest.of(token), rights: rights ?? TokenRight.allCases)
    return (token, Draft(project: nil, fact: .tokenCreated(fact)))
  }
}
