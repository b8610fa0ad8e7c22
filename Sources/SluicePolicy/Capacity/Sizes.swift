package import SluiceModel

/// What the studio means by XS, S, M, L and XL.
package struct Sizes: Sendable, Hashable {
  private var amounts: [SizeName: Amounts]

  package init(_ amounts: [SizeName: Amounts] = [:]) {
    self.amounts = Sizes.usual.merging(amounts) { $1 }
  }

  private static let usual: [SizeName: Amounts] = [
    .xs: Amounts(cores: 1, memory: 2 * 1_024), .s: Amounts(cores: 2, memory: 8 * 1_024),
    .m: Amounts(cores: 4, memory: 16 * 1_024), .l: Amounts(cores: 8, memory: 32 * 1_024),
    .xl: Amounts(cores: 16, memory: 64 * 1_024),
  ]

  package subscript(_ name: SizeName) -> Amounts { amounts[name] ?? .none }

  /// The size that has just these amounts.
  package func name(of amounts: Amounts) -> SizeName? { SizeName.allCases.first { self[$0] == amounts } }

  /// From small to large.
  package var all: [Amounts] { SizeName.allCases.map { self[$0] }.sorted { $0.memory < $1.memory } }
}

extension Need {
  /// What a step says of its tasks; one core where it says nothing.
  package init(_ needs: StepNeeds?, _ sizes: Sizes) {
    var amounts = needs?.size.map { sizes[$0] } ?? Amounts(cores: 1, memory: 0)
    if let cores = needs?.cores { amounts.cores = cores }
    if let memory = needs?.memory { amounts.memory = memory }
    if let gpus = needs?.gpus { amounts.gpus = gpus }
    self.init(
      amounts, isExclusive: needs?.exclusive == true, labels: needs?.labels ?? [:], limits: needs?.limits ?? [:])
  }
}
