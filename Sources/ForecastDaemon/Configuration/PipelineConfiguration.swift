// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How the pipeline runs.
public struct PipelineConfiguration: Sendable, Equatable {
    /// The scheduling policies of the threads that move bytes between sockets and the network.
    public enum Scheduling: String, Sendable, CaseIterable {
        /// `SCHED_BATCH`: fewer, longer turns.
        case batch
        /// `SCHED_OTHER`, as every thread has it.
        case normal
    }

    /// The most messages that are taken from the sockets per turn.
    public var batchLimit = 64
    /// Threads that move bytes between sockets and the network.
    public var ioThreads = 1
    /// How the kernel schedules them.
    public var ioThreadScheduling = Scheduling.batch
}

extension PipelineConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        table.read("batch_limit", in: 1...100_000, into: &batchLimit)
        table.read("io_threads", in: 1...64, into: &ioThreads)
        table.read("io_thread_scheduling", into: &ioThreadScheduling)
    }
}
