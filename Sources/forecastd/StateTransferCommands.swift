// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd state export FILE`.
struct StateExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes streams' states into a file, for `state import`.",
        discussion: "The daemon must not run. The state stays as it is.")

    @OptionGroup var stored: StoredStateOption

    @Option(help: "Only streams whose ids match; * is any run of characters, ? is one.")
    var stream: IdentifierPattern?

    @Flag(help: "Print JSON, one object.")
    var json = false

    @Argument(help: "The file to write.", completion: .file())
    var file: String

    func run() throws {
        let export = try stored.open().export(stream?.glob, to: file)
        try StandardOutput.writeLine(json ? try export.jsonText() : export.text)
    }
}

/// `forecastd state import FILE`.
struct StateImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes over the streams of a file of `state export`, all or none.",
        discussion: """
            The daemon must not run. Streams go on only under the same rule, with the same model file. What was before is kept, \
            for `state revert`.
            """)

    @OptionGroup var stored: StoredStateOption

    @Flag(help: "Take the file's streams in place of those that are there.")
    var replace = false

    @OptionGroup var flags: StateChangeFlags

    @Argument(help: "The file to read.", completion: .file())
    var file: String

    func run() throws {
        let state = try stored.open(isMade: !flags.dryRun)
        try flags.print(try state.importStreams(from: file, replaces: replace, isTry: flags.dryRun))
    }
}
