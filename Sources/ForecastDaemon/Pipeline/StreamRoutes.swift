// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Which engines need which streams, where streams are inputs of others.
///
/// A stream goes to its home, the engine that its id's hash names, if a rule forecasts it, and as a copy to the homes of
/// its targets. A stream beyond the plan's limit goes to its home alone.
struct StreamRoutes: ~Copyable {
    /// Some of at most 256 engines.
    struct Engines {
        private var words = SIMD4<UInt64>.zero

        var isEmpty: Bool { words == .zero }
        func contains(_ engine: Int) -> Bool { words[engine >> 6] >> UInt64(engine & 63) & 1 == 1 }
        mutating func insert(_ engine: Int) { words[engine >> 6] |= 1 << UInt64(engine & 63) }
    }

    private struct Route {
        let rule: Int?
        /// The homes of the stream's targets.
        var engines = Engines()
        /// What came last that is no bad value, for an engine that needs the stream from now on.
        var newest: Observation?
    }

    private let plan: ForecastPlan
    private var streams: StreamTable
    private var routes: [Route] = []
    /// Streams that have come and that no rule forecasts.
    private(set) var memberCount = 0

    /// Knows no stream yet.
    init(_ plan: ForecastPlan, seed: UInt64) {
        self.plan = plan
        streams = StreamTable(capacity: plan.hasJoins ? plan.streamsLimit : 1, seed: seed)
        routes.reserveCapacity(streams.capacity)
    }

    /// Learns of a stream that comes for the first time, and of the members that it needs if it is a target.
    ///
    /// - Returns: Members that have come before, which the stream's home does not know yet.
    mutating func learn(_ identifier: RawSpan, _ value: Double, home: Int) -> [UInt32] {
        if let slot = streams.slot(of: identifier) {
            // A member that was awaited and comes now may be a target itself.
            guard routes[Int(slot)].newest == nil else { return [] }
        }
        let rule = plan.rule(of: identifier)
        guard rule != nil || plan.isMember(identifier), !isBad(value, rule: rule) else { return [] }
        guard streams.slot(of: identifier) ?? insert(identifier) != nil, let rule else { return [] }
        var known: [UInt32] = []
        for (_, member) in plan.memberIdentifiers(of: identifier, rule: rule) {
            guard let slot = streams.slot(of: member.span.bytes) ?? insert(member.span.bytes) else {
                continue
            }
            let isNews = !routes[Int(slot)].engines.contains(home)
            routes[Int(slot)].engines.insert(home)
            if isNews && routes[Int(slot)].newest != nil { known.append(slot) }
        }
        return known
    }

    private mutating func insert(_ identifier: RawSpan) -> UInt32? {
        guard streams.count < streams.capacity else { return nil }
        routes.append(Route(rule: plan.rule(of: identifier)))
        return streams.insert(identifier)
    }

    /// Whether a value is bad by itself, so that it is as if it had not come.
    private func isBad(_ value: Double, rule: Int?) -> Bool {
        rule.map { plan.rules[$0].values.refusal(of: value) != nil } ?? false
    }

    /// The engines that an observation goes to, and the one of them that counts it.
    mutating func engines(
        for observation: Observation, of identifier: RawSpan, home: Int
    ) -> (first: Int, all: Engines) {
        var all = Engines()
        var first = home
        if let slot = streams.slot(of: identifier) {
            let rule = routes[Int(slot)].rule
            if rule == nil && routes[Int(slot)].newest == nil { memberCount += 1 }
            if !isBad(observation.value, rule: rule) { routes[Int(slot)].newest = observation }
            all = routes[Int(slot)].engines
            if rule == nil, let target = (0..<256).first(where: all.contains) {
                first = target
            }
        }
        all.insert(first)
        return (first, all)
    }

    /// The last observation of a stream that has come.
    func newest(of slot: UInt32) -> Observation? { routes[Int(slot)].newest }

    /// The id of a stream.
    @_lifetime(borrow self)
    func identifier(of slot: UInt32) -> RawSpan { streams.identifier(of: slot) }
}
