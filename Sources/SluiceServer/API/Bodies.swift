import SluiceModel

struct Health: Encodable {
  var site: String
  var position: Position
  var version: String
  var tokens: Bool
  var store: String
  var workers: Int
}

struct FolderRequest: Decodable {
  var project: String
  var path: String?
  var type: String?
  var set: [String: String]?
  var omitted: Bool?
  /// Whether it may be made; false to change only what is there.
  var add: Bool?
}

struct FolderChange: Encodable {
  var folder: FolderAnswer?
  var position: Position
}

struct TagRequest: Decodable {
  var ref: String
  var tag: String
}

struct TagAnswer: Encodable {
  var ref: ProductRef
  var tag: String
  var version: VersionID
  var position: Position
}

struct JudgeRequest: Decodable {
  var ref: String
  var verdict: Verdict
  var because: String?
}

struct WordRequest: Decodable {
  var ref: String
  var because: String?
}

struct FreezeRequest: Decodable {
  var ref: String
  var at: String
  var until: String?
  var because: String?
}

struct PipelineShown: Encodable {
  var project: ProjectName
  var revision: Int
  var time: String
  var actor: Actor
  var source: String
  var pipeline: Pipeline
}

struct UploadAnswer: Encodable {
  var upload: UploadID
  var directory: String
  var markerFile: String
  var marker: String
}

struct UploadedFile: Encodable {
  var path: String
  var size: Int64
  var sha256: Digest
}

struct IdentifyRequest: Decodable {
  struct File: Decodable {
    var path: String
    var sha256: Digest?
  }
  var files: [File]
}

struct ResolveRequest: Decodable {
  var refs: [String]
  var representation: String?
}

struct PlanRequest: Decodable {
  var project: String
  var select: String?
  var exclude: String?
  var until: String?
  var frames: String?
  var force: Bool?
  var changed: [ChangedProduct]?
  /// So many runs are told at most.
  var limit: Int?
  var plan: PlanID?
  var command: CommandID?
}

struct PlanShown: Encodable {
  var plan: Plan
  var state: PlanState?
  var progress: PlanProgress?
}

struct DeclineRequest: Decodable { var because: String? }

struct WorkRequest: Decodable { var id: String }

struct TokenRequest: Decodable {
  var name: String
  var rights: [TokenRight]?
}

struct TokenAnswer: Encodable {
  var name: String
  var token: String
  var rights: [TokenRight]
}

struct SessionRequest: Decodable { var token: String }
