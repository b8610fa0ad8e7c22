import Foundation
import PackagePlugin

/// Puts the web page and the schemas into the binary, so that `sluice` stays one file with nothing to install.
@main struct EmbedWeb: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let root = context.package.directoryURL
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
    let folders = ["web/app", "schemas"].map { root.appending(path: $0) }
    let files = try folders.flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        .filter { !$0.hasPrefix(".") }
        .map { folder.appending(path: $0) }
        .filter { !$0.hasDirectoryPath && FileManager.default.isReadableFile(atPath: $0.path) }
    }
    .filter { ["html", "js", "css", "svg", "json", "yaml"].contains($0.pathExtension) }
    .sorted { $0.path < $1.path }
    return [
      .buildCommand(
        displayName: "Embedding the web page",
        executable: try context.tool(named: "EmbedFiles").url,
        arguments: [root.path, output.path] + files.map(\.path),
        inputFiles: files,
        outputFiles: [output])
    ]
  }
}
