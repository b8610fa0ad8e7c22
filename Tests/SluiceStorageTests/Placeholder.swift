import Testing

@testable import SluiceStorage
