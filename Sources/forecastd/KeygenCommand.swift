// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForecastDaemon

/// `forecastd keygen NAME`: a new key pair.
struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Makes a key pair for sockets that ask for proof (CURVE).",
        discussion: """
            Writes NAME.secret, which nobody else may read, and NAME.public: a line with the key and the name, as lists of \
            clients have them. Prints the public key. What is there already is never overwritten. Examples:

              forecastd keygen forecastd --directory /etc/forecastd
              forecastd keygen plant-7 && cat plant-7.public >> /etc/forecastd/clients
            """)

    @Argument(help: "What the key is for: 1 to 64 of A-Z a-z 0-9 . _ -.")
    var name: String

    @Option(help: "The directory that the files are made in.", completion: .directory)
    var directory = "."

    @Flag(help: "Print one JSON object: the public key and the paths.")
    var json = false

    func validate() throws {
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isName, (1...64).contains(name.utf8.count), !name.hasPrefix(".") else {
            throw ValidationError("expected a name of 1 to 64 of A-Z a-z 0-9 . _ -, found \"\(name)\"")
        }
    }

    func run() throws {
        let files = try KeyFiles(name: name, directory: directory)
        try StandardOutput.writeLine(json ? try files.jsonText() : files.key)
    }
}
