import Testing

@testable import SluiceEngine
