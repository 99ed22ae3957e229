// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What an output keeps of what it has published, and for whom.
package struct OutputKeeping: Sendable {
    /// Where messages are to be had again.
    package struct Replay: Sendable {
        /// Endpoints to bind.
        package var bind: [String]
        /// Memory for the newest messages.
        package var byteCount: Int
    }

    /// Whether who subscribes gets the last message of each topic.
    package var isRepeated: Bool
    /// Where messages are to be had again; nil for nowhere.
    package var replay: Replay?
    /// The most topics.
    package var topicsLimit: Int
    /// No payload has more bytes.
    package var longestPayload: Int

    /// Makes a plan.
    package init(isRepeated: Bool, replay: Replay?, topicsLimit: Int, longestPayload: Int) {
        self.isRepeated = isRepeated
        self.replay = replay
        self.topicsLimit = topicsLimit
        self.longestPayload = longestPayload
    }

    /// The most memory that this takes.
    package var byteCount: Int {
        let retained = topicsLimit * RetainedMessages.bytesPerTopic(longestPayload: longestPayload)
        guard let replay else { return retained }
        return retained + replay.byteCount
            + ReplayLog.bytesBeside(byteCount: replay.byteCount, topicsLimit: topicsLimit)
    }
}
