enum LogBackup {
  /// Lies in a folder while a log is being restored into it.
  static let unfinishedRestore = "restore.unfinished"
}
