// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Dispatch
package import RecurrentKernels
import Synchronization

/// Loss and gradient of a batch of windows, on all cores.
///
/// The batch is divided into groups of as many windows as there are lanes. Threads take group by group; each group's
/// gradient stands by itself until all are added up in the order of the groups. So the result does not depend on the
/// number of threads, to the bit. The states that a batch's windows end with are kept for those that continue them.
package final class BatchLoss {
    private let series: [ScaledSeries]
    /// What each series' errors are multiplied by, for each horizon.
    private let errorScales: [[Float]]
    private let options: TrainingOptions
    private let layout: ParameterLayout
    /// One per thread.
    private let workers: [RecurrentGradient]
    private let groupGradients: AlignedFloats
    private let transposed: AlignedFloats
    /// Each group's state after its last windows.
    private let states: AlignedFloats

    private static let lanes = RecurrentGradient.lanes

    /// Makes room for batches of windows of these series.
    package init(_ series: [ScaledSeries], errorScales: [[Float]], options: TrainingOptions, threads: Int) {
        (self.series, self.errorScales) = (series, errorScales)
        self.options = options
        layout = ParameterLayout(options.shape)
        workers = (0..<threads).map { _ in
            RecurrentGradient(
                shape: options.shape, ticks: options.window, burnIn: options.burnIn,
                outputWeights: options.outputWeights, huberDelta: Float(options.huberDelta))
        }
        groupGradients = AlignedFloats(count: Self.groupCount(options.batch) * layout.count)
        transposed = AlignedFloats(count: layout.count)
        states = AlignedFloats(
            count: Self.groupCount(options.batch) * RecurrentGradient.stateCount(options.shape))
    }

    /// The mean loss over the windows, each from zero state.
    package func loss(_ parameters: borrowing AlignedFloats, of origins: [WindowSet.Origin]) -> Double {
        let start = parameters.start
        let stateCount = RecurrentGradient.stateCount(options.shape)
        let sum = sumOverGroups(origins) { worker, windows, _ in
            worker.state.update(repeating: 0, count: stateCount)
            return worker.loss(start, windows: windows)
        }
        return sum / Double(origins.count)
    }

    /// The mean loss over the windows, at most a batch of them, and its gradient.
    package func loss(
        _ parameters: borrowing AlignedFloats, of origins: [WindowSet.Origin],
        gradient: borrowing AlignedFloats
    ) -> Double {
        precondition(origins.count <= options.batch, "at most a batch of windows")
        let (start, turned, groups) = (parameters.start, transposed.start, groupGradients.start)
        let (count, states) = (layout.count, states.start)
        let stateCount = RecurrentGradient.stateCount(options.shape)
        layout.transpose(start, to: turned)
        let sum = sumOverGroups(origins) { worker, windows, group in
            let state = states + group * stateCount
            for lane in 0..<Self.lanes where lane >= windows || !origins[group * Self.lanes + lane].continues
            {
                for index in stride(from: lane, to: stateCount, by: Self.lanes) { state[index] = 0 }
            }
            worker.state.update(from: state, count: stateCount)
            defer { state.update(from: worker.state, count: stateCount) }
            return worker.loss(start, transposed: turned, windows: windows, gradient: groups + group * count)
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
        let perGroup = ParameterLayout(options.shape).count + RecurrentGradient.stateCount(options.shape)
        return threads * perThread + groupCount(options.batch) * perGroup * MemoryLayout<Float>.stride
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
            for (output, scale) in errorScales[origin.series].enumerated() {
                worker.errorScales[output * Self.lanes + lane] = scale
            }
        }
    }
}
