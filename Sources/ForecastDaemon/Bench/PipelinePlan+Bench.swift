// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat
import ZeroMQ

extension PipelinePlan {
    /// The plan with one of its rules for all streams, and room for so many.
    func onlyRule(_ index: Int, streams: Int) -> PipelinePlan {
        var plan = self
        var rule = forecasts.rules[index]
        rule.match = .everything
        rule.inputs = rule.inputs.map(Self.withoutMembers)
        rule.time = Self.onMinutes(rule.time)
        rule.values = ValuePolicy()  // the values of a bench are none of a sensor
        plan.forecasts = ForecastPlan(
            models: forecasts.models, rules: [rule], streamsLimit: max(streams, forecasts.streamsLimit),
            batchLimit: forecasts.batchLimit, traceLength: forecasts.traceLength)
        plan.labels = [labels[index]]
        return plan
    }

    /// The inputs with the hour in the place of other streams, because each stream of a bench comes alone.
    private static func withoutMembers(_ list: InputList) -> InputList {
        InputList(
            list.inputs.map { input in
                var input = input
                if case .member = input.source { (input.source, input.scaling) = (.cosine(.hour), .none) }
                return input
            }, zone: list.zone)
    }

    /// The policy with a grid of a minute in the place of any other, and as many open ticks.
    ///
    /// What a tick costs does not depend on its length. In so long ones no stream falls silent while others have their turn,
    /// and the times of all values of a bench have room.
    private static func onMinutes(_ policy: TimePolicy) -> TimePolicy {
        let minute: Int64 = 60_000_000_000
        var policy = policy
        policy.wait = 0  // for members, of which there are none
        switch policy.every {
        case .event: return policy
        case .auto: policy.lateness = min(policy.lateness, 15 * minute)
        case .period(let period): policy.lateness = (policy.lateness + period - 1) / period * minute
        }
        (policy.every, policy.limit) = (.period(minute), nil)
        return policy
    }

    /// The plan with one pull input and one output, both bound and without keys, with the settings of the first of either.
    func replacingSockets(input: String, output: String) -> PipelinePlan {
        var plan = self
        plan.keys = nil
        plan.inputs = [inputs[0]]
        (plan.inputs[0].options.curve, plan.inputs[0].isSecured) = (nil, false)
        (plan.inputs[0].socket, plan.inputs[0].producers) = (.pull, nil)
        plan.inputs[0].decoder = .json(JSONDecoder())
        (plan.inputs[0].connect, plan.inputs[0].bind, plan.inputs[0].topics) = ([], [input], [])
        plan.outputs = [outputs[0]]
        (plan.outputs[0].options.curve, plan.outputs[0].isSecured) = (nil, false)
        plan.outputs[0].alarms = .off
        (plan.outputs[0].connect, plan.outputs[0].bind) = ([], [output])
        return plan
    }
}
