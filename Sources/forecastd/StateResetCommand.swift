// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Glibc

/// `forecastd state reset --stream PATTERN`.
struct StateResetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Lets streams begin anew.",
        discussion: "The daemon must not run. What was before is kept, for `state revert`.")

    @OptionGroup var stored: StoredStateOption

    @Option(help: "The streams whose ids match; * is any run of characters, ? is one.")
    var stream: IdentifierPattern

    @OptionGroup var flags: StateChangeFlags

    func run() throws {
        try flags.print(try stored.open().reset(stream.glob, isTry: flags.dryRun))
    }
}

/// `forecastd state revert`.
struct StateRevertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revert", abstract: "Goes back to the state of before.",
        discussion: """
            The daemon must not run. Each pipeline goes back to its older snapshot; where there is none, because a command has just \
            changed the state or the number of pipelines has changed, to what was before that. What is there now is kept until \
            the next change. With --change it is that which was before the last change, whatever the daemon has kept since; \
            after a revert, another one with --change undoes it.
            """)

    @OptionGroup var stored: StoredStateOption

    @Flag(help: "Go back to before the last change by a command or of the number of pipelines.")
    var change = false

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var flags: StateChangeFlags

    func run() throws {
        let state = try stored.open()
        let reversion = try state.reversion(isTry: flags.dryRun, ofChange: change)
        try StandardOutput.writeLine(flags.json ? try reversion.jsonText() : reversion.text)
        guard !flags.dryRun, try yes || isWanted() else { return }
        try state.revert(reversion)
    }

    private func isWanted() throws -> Bool {
        guard isatty(STDIN_FILENO) == 1 else {
            throw DaemonError(
                .usage, "nothing was changed: expected --yes where nobody can be asked, found no terminal")
        }
        StandardError.writeLine("go back? yes or no")
        return readLine() == "yes"
    }
}
