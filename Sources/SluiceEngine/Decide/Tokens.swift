package import SluiceModel

/// Tokens: the secret is shown once, its digest is kept.
package enum Tokens {
  /// - Throws: `reference.invalid` for what is no name, `person.limit`.
  package static func make(
    _ name: String, rights: [TokenRight]?, names: any PersonNames, ambient: Ambient
  ) throws(SluiceError) -> (token: String, draft: Draft) {
    try NameRule.require(name, as: "token", in: name)
    let token = "sluice_" + ambient.makeSecret(bytes: 24)
    let fact = TokenCreated(
      name: try names.alias(of: name).description, digest: Digest.of(token), rights: rights ?? TokenRight.allCases)
    return (token, Draft(project: nil, fact: .tokenCreated(fact)))
  }
}
