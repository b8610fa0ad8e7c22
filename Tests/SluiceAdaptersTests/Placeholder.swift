import Testing

@testable import SluiceAdapters
