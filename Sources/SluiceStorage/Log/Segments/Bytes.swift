import SluiceModel

/// Whole numbers in buffers, the low byte first, as all of the log's files have them.
extension UnsafeRawBufferPointer {
  func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self, at offset: Int) -> Number {
    Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  /// A number of 32 bits as a count.
  func count(at offset: Int) -> Int { Int(number(UInt32.self, at: offset)) }

  func part(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self[offset..<offset + count])
  }

  var isZero: Bool {
    var place = 0
    while place + 8 <= count {
      if loadUnaligned(fromByteOffset: place, as: UInt64.self) != 0 { return false }
      place += 8
    }
    return self[place...].allSatisfy { $0 == 0 }
  }
}

extension UnsafeMutableRawBufferPointer {
  func put(_ number: some FixedWidthInteger, at offset: Int) {
    storeBytes(of: number.littleEndian, toByteOffset: offset, as: type(of: number))
  }

  /// A count that is known to fit into 32 bits.
  func put(count: Int, at offset: Int) { put(UInt32(count), at: offset) }

  func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    UnsafeMutableRawBufferPointer(rebasing: self[offset..<offset + bytes.count]).copyMemory(from: bytes)
  }

  func part(_ offset: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: self[offset..<offset + count])
  }
}

extension [UInt8] {
  /// `withUnsafeBytes` for a body that throws our error.
  func lend<Value>(
    _ body: (UnsafeRawBufferPointer) throws(SluiceError) -> Value
  ) throws(SluiceError) -> Value {
    try withUnsafeBytes { bytes -> Result<Value, SluiceError> in
      do throws(SluiceError) { return .success(try body(bytes)) } catch { return .failure(error) }
    }.get()
  }

  /// `withUnsafeMutableBytes` for a body that throws our error.
  mutating func lendMutable<Value>(
    _ body: (UnsafeMutableRawBufferPointer) throws(SluiceError) -> Value
  ) throws(SluiceError) -> Value {
    try withUnsafeMutableBytes { bytes -> Result<Value, SluiceError> in
      do throws(SluiceError) { return .success(try body(bytes)) } catch { return .failure(error) }
    }.get()
  }
}
