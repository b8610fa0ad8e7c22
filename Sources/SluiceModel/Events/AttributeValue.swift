/// The value of a CloudEvents attribute, as filters see it; times and addresses are text.
package enum AttributeValue: Sendable, Hashable {
  case string(String)
  case integer(Int32)
  case boolean(Bool)
}
