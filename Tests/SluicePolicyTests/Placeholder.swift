import Testing

@testable import SluicePolicy
