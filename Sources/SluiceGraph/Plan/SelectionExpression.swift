package import SluiceModel

/// A selection as it was understood: terms, and how they are put together.
///
/// Built with `any(of:)` and `all(of:)`, so that no `any` stands directly in an `any`, and one part alone is that part.
package indirect enum SelectionExpression: Sendable, Hashable {
  case term(SelectionTerm)
  /// With what lies so many links upstream and downstream of it.
  case reaching(SelectionExpression, upstream: SelectionLinks, downstream: SelectionLinks)
  case any([SelectionExpression])
  case all([SelectionExpression])
  case not(SelectionExpression)

  package static func any(of parts: [SelectionExpression]) -> SelectionExpression {
    let flat = parts.flatMap { part in
      if case .any(let inner) = part { inner } else { [part] }
    }
    return flat.count == 1 ? flat[0] : .any(flat)
  }

  package static func all(of parts: [SelectionExpression]) -> SelectionExpression {
    let flat = parts.flatMap { part in
      if case .all(let inner) = part { inner } else { [part] }
    }
    return flat.count == 1 ? flat[0] : .all(flat)
  }

  /// Moments that its terms name: whoever answers has to look them up first.
  package var moments: Set<SelectionMoment> {
    switch self {
    case .term(.changed(let moment)): [moment]
    case .term: []
    case .reaching(let inner, _, _), .not(let inner): inner.moments
    case .any(let parts), .all(let parts): parts.reduce(into: []) { $0.formUnion($1.moments) }
    }
  }
}

/// How many links away something may be.
package enum SelectionLinks: Sendable, Hashable {
  case none
  case atMost(Int)
  case any
}

/// One word of a selection, without the links before and behind it.
package enum SelectionTerm: Sendable, Hashable {
  /// A reference, or a glob over references and folders, as it was written.
  case products(String)
  case step(String)
  case state(ProductState)
  /// What lies in folders of a type.
  case folderType(String)
  /// What lies in a folder or below.
  case folder(String)
  /// What lies in shots in which an asset is cast.
  case cast(String)
  case changed(SelectionMoment)
  case onChange(OnChange)
}

// MARK: Writing

/// Written so that it reads back as the same.
extension SelectionExpression: CustomStringConvertible {
  package var description: String {
    switch self {
    case .term(let term): return term.description
    case .reaching(let inner, let upstream, let downstream):
      return upstream.before + inner.grouped + downstream.behind
    case .any(let parts):
      let isList = parts.allSatisfy(\.isPrimary)
      return parts.map { isList ? $0.description : $0.besideOr }.joined(separator: isList ? " " : " or ")
    case .all(let parts): return parts.map(\.besideAnd).joined(separator: " and ")
    case .not(let inner):
      if case .all = inner { return "not (\(inner))" }
      if case .any = inner { return "not (\(inner))" }
      return "not \(inner)"
    }
  }

  private var isPrimary: Bool {
    switch self {
    case .term, .reaching: true
    case .any, .all, .not: false
    }
  }

  /// What `+` before or behind it is about as a whole; digits alone would be taken for a number of links.
  private var grouped: String {
    if case .term = self, !description.allSatisfy(SelectionTokenizer.isDigit) {
      description
    } else {
      "(\(description))"
    }
  }

  private var besideOr: String {
    if case .any = self { "(\(description))" } else { description }
  }

  private var besideAnd: String {
    switch self {
    case .any, .all: "(\(description))"
    case .term, .reaching, .not: description
    }
  }
}

extension SelectionTerm: CustomStringConvertible {
  package var description: String {
    switch self {
    case .products(let text): text
    case .step(let name): "step:\(name)"
    case .state(let state): "state:\(state.rawValue)"
    case .folderType(let type): "type:\(type)"
    case .folder(let path): "folder:\(path)"
    case .cast(let asset): "@cast:\(asset)"
    case .changed(let moment): "changed:\(moment)"
    case .onChange(let policy): "on:\(policy.rawValue)"
    }
  }
}

extension SelectionLinks {
  fileprivate var before: String {
    switch self {
    case .none: ""
    case .atMost(let links): "\(links)+"
    case .any: "+"
    }
  }
  fileprivate var behind: String {
    switch self {
    case .none: ""
    case .atMost(let links): "+\(links)"
    case .any: "+"
    }
  }
}
