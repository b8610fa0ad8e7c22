import Glibc

/// Variables as a new program takes them, made once for many processes.
final class EnvironmentBlock: @unchecked Sendable {
  // tidy: nobody writes into it.
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ variables: [String: String]) {
    count = variables.count
    pointers = .allocate(capacity: count + 1)
    for (place, variable) in variables.enumerated() { pointers[place] = strdup("\(variable.key)=\(variable.value)") }
    pointers[count] = nil
  }

  deinit {
    for place in 0..<count { free(pointers[place]) }
    pointers.deallocate()
  }
}
