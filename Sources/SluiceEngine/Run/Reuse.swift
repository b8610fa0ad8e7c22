import SluiceModel

/// Finds earlier results of a recipe. Pure.
enum Reuse {
  /// The files of one earlier result, one for each output in order; nil where one is missing.
  /// - Parameter found: what there is of each output's recipe, in order.
  static func places(_ found: [[ContentPlace]], for outputs: [StepOutput]) -> [ContentPlace]? {
    var places: [ContentPlace] = []
    for (output, known) in zip(outputs, found) {
      let place = known.first {
        $0.address.product.name == output.product
          && FileName($0.path).fileExtension == FileName(output.files).fileExtension
      }
      guard let place else { return nil }
      places.append(place)
    }
    return places
  }
}
