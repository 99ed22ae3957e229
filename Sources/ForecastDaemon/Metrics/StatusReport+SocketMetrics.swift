// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Monitoring
import WireFormat
import ZeroMQ

// What came in and went out.
extension StatusReport {
    var inputMetrics: [MetricFamily] {
        func family(
            _ name: String, _ help: String, as kind: MetricFamily.Kind = .counter, _ figure: (Input) -> UInt64
        ) -> MetricFamily {
            var family = MetricFamily("forecastd_input_" + name, kind, help)
            for input in inputs { family.add(Double(figure(input)), ["input": input.name]) }
            return family
        }
        return [
            family("messages_total", "Messages received, good and bad.") { $0.messages },
            family("observations_total", "Observations that were taken.") { $0.observations },
            inputDrops,
            family("missed_total", "Messages passed over by the number of a later one.") {
                $0.sequences.missed
            },
            family("reordered_total", "Those of the missed messages that came after all.") {
                $0.sequences.reordered
            },
            family("repeated_total", "Messages with a number that had come already.") {
                $0.sequences.repeated
            },
            family("sender_restarts_total", "Times that the numbers of a sender began anew.") {
                $0.sequences.restarts
            },
            family("connections", "Connections that stand.", as: .gauge) { UInt64($0.connections.open) },
            family("connections_total", "Connections made or accepted.") { $0.connections.made },
            family(
                "handshake_failures_total",
                "Connections whose peer does not speak our ZeroMQ, or proves no admitted key."
            ) {
                $0.connections.failedHandshakes
            },
            family("client_refusals_total", "Clients that proved a key which is not admitted.") {
                $0.refusedClients.count
            },
            family("restored_total", "Connections made anew after the peer broke the protocol.") {
                $0.restored
            },
        ]
    }

    /// With all reasons, so that the first drop is seen as an increase.
    private var inputDrops: MetricFamily {
        var drops = MetricFamily(
            "forecastd_input_drops_total", .counter, "Messages and observations that were not taken.")
        for input in inputs {
            for (reason, count) in input.counts {
                drops.add(Double(count), ["input": input.name, "reason": reason])
            }
        }
        return drops
    }

    var outputMetrics: [MetricFamily] {
        func family(
            _ name: String, _ help: String, as kind: MetricFamily.Kind = .counter,
            _ figure: (Output) -> UInt64?
        ) -> MetricFamily {
            var family = MetricFamily("forecastd_output_" + name, kind, help)
            for output in outputs { family.add(figure(output).map { Double($0) }, ["output": output.name]) }
            return family
        }
        return [
            family("forecasts_total", "Forecasts published.") { $0.published },
            family("drops_total", "Forecasts that did not reach every subscriber.") { $0.dropped },
            family("repeated_total", "Last forecasts published again for new subscribers.") { $0.repeated },
            family(
                "refused_subscriptions_total",
                "With last_value: subscriptions that no stream can match, or that too many wait before."
            ) {
                $0.refusedSubscriptions
            },
            family("connections", "Subscribers that are connected.", as: .gauge) {
                UInt64($0.connections.open)
            },
            family("connections_total", "Connections made or accepted.") { $0.connections.made },
            family(
                "handshake_failures_total",
                "Connections whose peer does not speak our ZeroMQ, or proves no admitted key."
            ) {
                $0.connections.failedHandshakes
            },
            family("client_refusals_total", "Clients that proved a key which is not admitted.") {
                $0.refusedClients.count
            },
            family(
                "cut_subscribers_total",
                "Connections cut because they asked for too many topics, too often, or for what is no subscription."
            ) {
                $0.cutSubscribers
            },
            family("replay_requests_total", "Requests to the replay socket, good and bad.") {
                $0.replay?.requests
            },
            family("replay_messages_total", "Messages sent again by the replay socket.") {
                $0.replay?.messages
            },
            replayRefusals,
        ]
    }

    private var replayRefusals: MetricFamily {
        var refusals = MetricFamily(
            "forecastd_output_replay_refusals_total", .counter,
            "Requests to the replay socket that were not answered with all that they asked for.")
        for output in outputs {
            guard let replay = output.replay else { continue }
            let reasons = [
                ("too_old", replay.tooOld), ("other_epoch", replay.otherEpoch),
                ("malformed", replay.malformed), ("busy", replay.busy), ("abandoned", replay.abandoned),
            ]
            for (reason, count) in reasons {
                refusals.add(Double(count), ["output": output.name, "reason": reason])
            }
        }
        return refusals
    }
}
