// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
package import Logging
import SwiftOverlayShims  // where the importer puts stat

/// Writes log lines to the journal with their fields, so that `journalctl FORECASTD_BIND=…` finds them.
///
/// Each line is one datagram in the journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL). What the journal does
/// not take, because its queue is full or the line too long, goes to standard error, which is the journal as well.
package struct JournalLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let address: LocalDatagram

    /// Makes a handler that writes to the socket at `path`; nil unless standard error is the journal's stream.
    ///
    /// Who runs the daemon in a terminal, or sends its standard error elsewhere, finds its log there.
    ///
    /// - Parameters:
    ///   - stream: The device and the inode of the journal's stream, as `JOURNAL_STREAM` has them.
    ///   - descriptor: Standard error.
    package init?(
        stream: String?, descriptor: Int32 = STDERR_FILENO, path: String = "/run/systemd/journal/socket"
    ) {
        guard Self.isJournal(descriptor, stream: stream), let address = LocalDatagram(path: path) else {
            return nil
        }
        self.address = address
    }

    /// Whether an open descriptor is the journal's stream, of which `JOURNAL_STREAM` says device and inode.
    static func isJournal(_ descriptor: Int32, stream: String?) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && stream == "\(status.st_dev):\(status.st_ino)"
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        let message = event.message.description.withFields(fields)
        let priority = Self.priority(of: event.level)
        var entry = Self.field("MESSAGE", message)
        entry += Self.field("PRIORITY", "\(priority)")
        entry += Self.field("SYSLOG_IDENTIFIER", "forecastd")
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            entry += Self.field(Self.name(of: key), "\(value)")
        }
        // The prefix tells the journal the priority of a line of standard error.
        if !address.send(entry) { StandardError.writeLine("<\(priority)>\(message)") }
    }

    /// A field as the protocol has it: a line, or where the value has several, its length before it.
    private static func field(_ name: String, _ value: String) -> [UInt8] {
        let bytes = Array(value.utf8)
        guard bytes.contains(UInt8(ascii: "\n")) else { return Array("\(name)=".utf8) + bytes + [10] }
        let length = UInt64(bytes.count).littleEndian
        return Array("\(name)\n".utf8) + withUnsafeBytes(of: length, Array.init) + bytes + [10]
    }

    /// The journal knows capitals, digits and _, at most 64 of them.
    private static func name(of key: String) -> String {
        let letters = key.uppercased().unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "A"..."Z", "0"..."9": Character(scalar)
            default: "_"
            }
        }
        return String(("FORECASTD_" + letters).prefix(64))
    }

    /// The level as syslog(3) counts.
    private static func priority(of level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
