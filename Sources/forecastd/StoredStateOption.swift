// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon
import Forecasting

/// `--config FILE` and `--directory DIRECTORY`, the same for all commands on the state of a daemon that does not run.
struct StoredStateOption: ParsableArguments {
    @OptionGroup var file: ConfigurationOption

    @Option(help: "The state directory, where it is another than the configuration's, as a copy of it.")
    var directory: String?

    /// Opens the directory.
    ///
    /// - Parameter isMade: Whether it is made if it is missing.
    func open(isMade: Bool = false) throws -> StoredState {
        try StoredState(try PreparedDaemon(try file.load()), directory: directory, isMade: isMade)
    }
}

/// A pattern of stream ids as an option's value.
struct IdentifierPattern: ExpressibleByArgument {
    let glob: Glob

    init?(argument: String) {
        guard let glob = try? Glob(argument) else { return nil }
        self.glob = glob
    }
}

/// `--dry-run` and `--json`, the same for all commands that change a state.
struct StateChangeFlags: ParsableArguments {
    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Print JSON, one object.")
    var json = false

    func print(_ change: StateChange) throws {
        try StandardOutput.writeLine(json ? try change.jsonText() : change.text)
    }
}
