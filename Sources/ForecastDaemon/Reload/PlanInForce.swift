// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Synchronization

/// The plan that the pipelines follow, which a reload replaces, and how reloads went.
package final class PlanInForce: Sendable {
    /// How reloads went since the start.
    package struct Reloads: Sendable, Equatable {
        /// Those that put a configuration in force, and those that failed, after which the one before is.
        package var (done, failed): (UInt64, UInt64) = (0, 0)
        /// When the last one that was done ended.
        package var time: Timestamp?
    }

    private struct State {
        var plan: PipelinePlan
        var reloads = Reloads()
    }

    private let state: Mutex<State>

    /// Begins with a plan.
    package init(_ plan: PipelinePlan) { state = Mutex(State(plan: plan)) }

    /// The plan.
    package var plan: PipelinePlan { state.withLock { $0.plan } }

    /// How reloads went.
    package var reloads: Reloads { state.withLock { $0.reloads } }

    /// The pipelines follow a plan from now on.
    func replace(by plan: PipelinePlan) { state.withLock { $0.plan = plan } }

    /// A reload was done.
    func count(at now: Timestamp) {
        state.withLock {
            $0.reloads.done += 1
            $0.reloads.time = now
        }
    }

    /// A reload failed.
    func countFailure() { state.withLock { $0.reloads.failed += 1 } }
}
