// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Dispatch
import RecurrentKernels
import Synchronization

/// Loss and gradient of a batch of windows, on all cores.
///
/// The batch is divided into groups of as many windows as there are lanes. Threads take group by group; each group's
/// gradient stands by itself until all are added up in the order of the groups. So the result does not depend on the
/// number of threads, to the bit.
final class BatchLoss {
    private let series: [ScaledSeries]
    private let options: TrainingOptions
    private let layout: ParameterLayout
    /// One per thread.
    private let workers: [RecurrentGradient]
    private let groupGradients: AlignedFloats
    private let transposed: AlignedFloats

    private static let lanes = RecurrentGradient.lanes

    init(_ series: [ScaledSeries], options: TrainingOptions, threads: Int) {
        self.series = series
        self.options = options
        layout = ParameterLayout(options.shape)
        workers = (0..<threads).map { _ in
            RecurrentGradient(
                shape: options.shape, ticks: options.window, burnIn: options.burnIn,
                outputWeights: options.outputWeights)
        }
        groupGradients = AlignedFloats(count: Self.groupCount(options.batch) * layout.count)
        transposed = AlignedFloats(count: layout.count)
    }

    /// The mean loss over the windows.
    func loss(_ parameters: borrowing AlignedFloats, of origins: [WindowSet.Origin]) -> Double {
        let start = parameters.start
        let sum = sumOverGroups(origins) { worker, windows, _ in worker.loss(start, windows: windows) }
        return sum / Double(origins.count)
    }

    /// The mean loss over the windows, at most a batch of them, and its gradient.
    func loss(
        _ parameters: borrowing AlignedFloats, of origins: [WindowSet.Origin],
        gradient: borrowing AlignedFloats
    ) -> Double {
        precondition(origins.count <= options.batch, "at most a batch of windows")
        let (start, turned, groups) = (parameters.start, transposed.start, groupGradients.start)
        let count = layout.count
        layout.transpose(start, to: turned)
        let sum = sumOverGroups(origins) { worker, windows, group in
            worker.loss(start, transposed: turned, windows: windows, gradient: groups + group * count)
        }
        let share = 1 / Float(origins.count)
        for index in 0..<count {
            var total: Float = 0
            for group in 0..<Self.groupCount(origins.count) { total += groups[group * count + index] }
            gradient.start[index] = total * share
        }
        return sum / Double(origins.count)
    }

    /// The memory that all this takes.
    static func byteCount(_ options: TrainingOptions, threads: Int) -> Int {
        let perThread = RecurrentGradient.byteCount(
            shape: options.shape, ticks: options.window, burnIn: options.burnIn)
        let gradients = groupCount(options.batch) * ParameterLayout(options.shape).count
        return threads * perThread + gradients * MemoryLayout<Float>.stride
    }

    private static func groupCount(_ windows: Int) -> Int { (windows + lanes - 1) / lanes }

    /// Fills and computes group by group, and adds up the losses in the groups' order.
    private func sumOverGroups(
        _ origins: [WindowSet.Origin], _ compute: @escaping (RecurrentGradient, Int, Int) -> Double
    ) -> Double {
        let groups = Self.groupCount(origins.count)
        let losses = UnsafeMutableBufferPointer<Double>.allocate(capacity: groups)
        defer { losses.deallocate() }
        let next = Atomic(0)
        // Each thread has a worker of its own, each group a place of its own for loss and gradient.
        nonisolated(unsafe) let (workers, places, fill, compute) = (workers, losses, fill, compute)
        DispatchQueue.concurrentPerform(iterations: min(groups, workers.count)) { thread in
            while true {
                let group = next.add(1, ordering: .relaxed).oldValue
                guard group < groups else { return }
                let members = origins[group * Self.lanes..<min(origins.count, (group + 1) * Self.lanes)]
                fill(workers[thread], members)
                places.initializeElement(at: group, to: compute(workers[thread], members.count, group))
            }
        }
        return losses.reduce(0, +)
    }

    private func fill(_ worker: RecurrentGradient, _ origins: ArraySlice<WindowSet.Origin>) {
        for (lane, origin) in origins.enumerated() {
            series[origin.series].fill(
                start: origin.start, ticks: options.window, burnIn: options.burnIn, horizon: options.horizon,
                lanes: Self.lanes, inputs: worker.inputs + lane, targets: worker.targets + lane)
        }
    }
}
