// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import ZeroMQ

/// How each pipeline runs.
public struct PipelineConfiguration: Sendable, Equatable {
    /// The most messages that are taken from the sockets per turn.
    public var batchLimit = 64
    /// Threads that move bytes between sockets and the network.
    public var ioThreads = 1
    /// How the kernel schedules them.
    public var ioThreadScheduling = IOThreadScheduling.batch
}

extension PipelineConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        table.read("batch_limit", in: 1...4096, into: &batchLimit)
        table.read("io_threads", in: 1...64, into: &ioThreads)
        table.read("io_thread_scheduling", into: &ioThreadScheduling)
    }
}

/// Pipelines that the streams are divided among.
public enum PipelineCount: Sendable, Equatable {
    /// One per processor that the process may use.
    case auto
    /// So many.
    case fixed(Int)
}

extension ConfigurationValue {
    /// The value as a number of pipelines.
    func pipelineCount() -> PipelineCount? {
        isWord("auto") ? .auto : integer(in: 1...256, orWord: "auto").map { .fixed($0) }
    }
}
