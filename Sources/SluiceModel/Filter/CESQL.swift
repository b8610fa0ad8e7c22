/// A filter: a condition on an event's attributes, in CloudEvents SQL 1.0, parsed once and evaluated for each event.
///
/// Characters are code points, wherever the language counts them. `docs/reference/filters.md` is the language for those
/// who write filters, with the places where the standard leaves room or its compatibility kit says more than its text.
package struct CESQL: Sendable {
  /// The filter as it was written.
  package let description: String
  private let root: FilterExpression

  /// - Throws: `filter.syntax` with the place, also for a function that does not exist and for a text beyond
  ///   `Limits.filterBytes`, `filterTokens` or `filterDepth`.
  /// - Complexity: O(length).
  package init(_ text: String) throws(SluiceError) {
    root = try FilterParser.expression(of: text)
    description = text
  }

  /// Whether an event with these attributes passes: the value is the boolean true, and nothing went wrong on the way.
  ///
  /// A string or an integer is no answer to a filter, not even the string `true` (section 1.2 of the standard).
  /// - Parameter attribute: asked with names in lower case; nil for what the event does not have.
  package func admits(_ attribute: (String) -> AttributeValue?) -> Bool {
    do throws(Fault) {
      return try root.value(attribute) == .boolean(true)
    } catch {
      return false
    }
  }

  /// The value, and the first thing that went wrong; then the value is what the standard has in its place, mostly the
  /// zero of the type.
  /// - Complexity: O(parts of the filter), and for each `LIKE` O(length of the value times length of the pattern / 64).
  package func evaluate(_ attribute: (String) -> AttributeValue?) -> Outcome {
    do throws(Fault) {
      return Outcome(value: try root.value(attribute), error: nil)
    } catch {
      return Outcome(value: error.value ?? root.kind.zero, error: error.problem)
    }
  }

  package struct Outcome: Sendable, Hashable {
    package let value: AttributeValue
    package let error: Problem?
    package init(value: AttributeValue, error: Problem?) { (self.value, self.error) = (value, error) }
  }
}

/// Filters are the same where they are written the same; what was parsed follows from it.
extension CESQL: Hashable, CustomStringConvertible {
  package static func == (left: Self, right: Self) -> Bool {
    AttributeValue.string(left.description) == .string(right.description)
  }
  package func hash(into hasher: inout Hasher) { hasher.combine(AttributeValue.string(description)) }
}
