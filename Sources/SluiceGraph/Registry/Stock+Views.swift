package import SluiceModel

/// The products of a project, by their references.
package struct Products: Sendable {
  fileprivate var stock: Stock

  package internal(set) subscript(ref: ProductRef) -> Product? {
    get { stock.product(ref) }
    set { stock.set(newValue, at: ref) }
  }
  /// In no order that means anything: sort before showing.
  package var keys: [ProductRef] { stock.productRefs }
  /// Those of a folder and of all below it.
  package func keys(inside top: FolderPath) -> [ProductRef] { stock.productRefs { $0.isInside(top) } }
  package var values: [Product] { stock.products }
  package var count: Int { stock.productCount }
}

/// The versions of a project.
package struct Versions: Sendable {
  fileprivate var stock: Stock

  package internal(set) subscript(address: VersionAddress) -> Version? {
    get { stock.version(address) }
    set { stock.set(newValue, at: address) }
  }
  /// In no order that means anything: sort before showing.
  package var keys: [VersionAddress] { stock.addresses }
  package var values: [Version] { stock.versions }
  package var count: Int { stock.addresses.count }
}

extension Project {
  package internal(set) var products: Products {
    get { Products(stock: stock) }
    // Moved out and back, so that it is not copied for being looked at.
    _modify {
      var products = Products(stock: stock)
      stock = Stock(project: name)
      defer { stock = products.stock }
      yield &products
    }
  }

  package internal(set) var versions: Versions {
    get { Versions(stock: stock) }
    _modify {
      var versions = Versions(stock: stock)
      stock = Stock(project: name)
      defer { stock = versions.stock }
      yield &versions
    }
  }

  /// Products that say they were made from a product, by a step or by a person's word; nil where none does.
  package func users(of ref: ProductRef) -> Set<ProductRef>? { stock.users(of: ref) }
}
