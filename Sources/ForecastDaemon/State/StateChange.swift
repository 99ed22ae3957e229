// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import StateStore

/// What a command did to a state directory, or would do.
package struct StateChange: Encodable, Sendable, Equatable {
    /// `reset`, `import` or `revert`.
    package var command: String
    /// The state directory.
    package var directory: String
    /// Whether nothing was done.
    package var isTry: Bool
    /// Streams that were reset or imported.
    package var streams: Int
    /// Streams of the state from now on.
    package var kept: Int
    /// The directories of the pipelines that count from now on.
    package var current: [String]
    /// Those that counted before, which are kept.
    package var before: [String]

    /// The same for a person.
    package var text: String {
        let (done, go) = isTry ? ("would be", "would") : ("are", "now")
        return
            "\(streams) streams \(done) \(command == "import" ? "imported" : "reset"); \(kept) \(go) go on from "
            + "\(directory): \(current.joined(separator: ", "))\n"
            + "what was before \(isTry ? "would stay" : "stays") in \(before.joined(separator: ", ")); "
            + "`forecastd state revert --change` goes back to it until the next change"
    }
}

// What the commands do.
extension StoredState {
    /// Lets streams begin anew.
    ///
    /// - Parameters:
    ///   - pattern: Which, by their ids.
    ///   - isTry: Whether to say only what would be done.
    package func reset(_ pattern: Glob, isTry: Bool) throws(DaemonError) -> StateChange {
        let saved = try saved()
        let all = saved.flatMap(\.identifiers)
        let matching = all.count { pattern.matches($0.utf8.span.bytes) }
        guard matching > 0 else {
            throw DaemonError(
                .noInput,
                "\(path): expected streams that match \(pattern.pattern), found none among \(all.count)")
        }
        if matching < all.count, let problem = joinedProblem("reset") { throw problem }
        let sources = saved.map { pipeline in
            var source = pipeline.source
            source.takes = { !pattern.matches($0) }
            return source
        }
        return try change("reset", streams: matching, of: sources, isTry: isTry)
    }
}
