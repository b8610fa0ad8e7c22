import SluiceModel

/// What a version says that it was made from, found by product: what gathers a show records thousands.
struct RecordedInputs {
  let all: [Used]
  private let byProduct: [ProductRef: [Int]]
  private let byNamer: [ProductRef: [Int]]

  init(_ used: [Used]) {
    all = used
    byProduct = Dictionary(grouping: used.indices) { used[$0].product }
    byNamer = Dictionary(grouping: used.indices.filter { used[$0].through != nil }) {
      used[$0].through ?? used[$0].product
    }
  }

  /// In the order in which they were recorded.
  func uses(of source: InputState.Source, in input: StepInput) -> [Used] {
    (byProduct[source.product] ?? []).lazy.map { all[$0] }.filter { source.isRecorded(by: $0, in: input) }
  }

  /// What it says of the products that a product names.
  func names(by product: ProductRef, in input: StepInput) -> [Used] {
    (byNamer[product] ?? []).lazy.map { all[$0] }.filter { $0.input == input.name }
  }
}
