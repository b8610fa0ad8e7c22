import Glibc

/// The one function of the C library that expressions need.
enum Power {
  static func of(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
