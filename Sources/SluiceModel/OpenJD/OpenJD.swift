/// Open Job Description 2023-09: job templates and environment templates as values.
///
/// The types here hold only what passed every check of the specification; the reading lives in the adapters.
/// Source: <https://github.com/OpenJobDescription/openjd-specifications/wiki/2023-09-Template-Schemas>.
package enum OpenJD {
  package static let jobTemplateVersion = "jobtemplate-2023-09"
  package static let environmentTemplateVersion = "environment-2023-09"

  /// What a template may ask for in `extensions`.
  package enum Extension: String, Sendable, Hashable, CaseIterable, Codable {
    /// A task parameter of type `CHUNK[INT]` hands several values to one task.
    case taskChunking = "TASK_CHUNKING"
    /// Actions may print `openjd_redacted_env`; it changes nothing in a template's shape.
    case redactedEnvironment = "REDACTED_ENV_VARS"
    /// Longer names, format strings in timeouts and amounts, `endOfLine`, and steps written as `bash:` or `python:`.
    case featureBundle1 = "FEATURE_BUNDLE_1"
    /// Format strings hold expressions, parameters are truth values, lists and ranges, and `let` names values.
    case expressions = "EXPR"
    /// An environment runs its actions instead of those of what it is around; wants `EXPR`.
    case wrapActions = "WRAP_ACTIONS"
  }

  /// The bounds of the specification. Lengths count Unicode scalars.
  package struct Bounds: Sendable {
    private let isWide: Bool

    package init(_ extensions: some Sequence<Extension>) { isWide = extensions.contains(.featureBundle1) }

    package var jobName: Int { isWide ? 512 : 128 }
    package var name: Int { isWide ? 512 : 64 }
    package var fileName: Int { isWide ? 256 : 64 }
    package var jobParameters: Int { isWide ? 200 : 50 }

    /// Also in a step's `dependsOn`, whatever the extensions.
    package static let longestName = 512
    package static let environmentParameters = 50
    package static let description = 2_048
    package static let parameterText = 1_024
    package static let label = 64
    package static let fileFilters = 20
    package static let filePattern = 20
    package static let taskParameters = 16
    package static let rangeList = 1_024
    package static let taskText = 1_024
    package static let combination = 1_280
    package static let variableName = 256
    package static let variableValue = 2_048
    package static let requirements = 50
    package static let attributeValues = 50
    package static let capability = 100
    package static let notifyPeriod = 1...600
    package static let bindings = 50
  }

  /// Whether a text has none of the control characters (Unicode's category Cc), save those allowed.
  package static func isPrintable(_ text: String, allowing allowed: Set<Unicode.Scalar> = []) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      !(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)) || allowed.contains(scalar)
    }
  }

  /// Latin letters, digits and underscores, not beginning with a digit.
  package static func isIdentifier(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
      default: false
      }
    }
  }
}
