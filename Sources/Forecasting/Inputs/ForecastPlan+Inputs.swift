// Part of forecastd. SPDX-License-Identifier: Apache-2.0

extension ForecastPlan {
    /// Whether streams are joined into the inputs of others.
    public var hasJoins: Bool { rules.contains { $0.inputs != nil } }

    /// The rule that a stream follows.
    public func rule(of identifier: RawSpan) -> Int? { rules.firstIndex { $0.match.matches(identifier) } }

    /// Whether a stream may be an input of another.
    public func isMember(_ identifier: RawSpan) -> Bool {
        memberPatterns.contains { $0.matches(identifier) }
    }

    /// The ids of a target's members, and which inputs they are; none where a rule has no inputs.
    public func memberIdentifiers(
        of target: RawSpan, rule: Int
    ) -> [(input: Int, identifier: [UInt8])] {
        guard let inputs = rules[rule].inputs, let captures = rules[rule].match.captures(in: target) else {
            return []
        }
        return inputs.inputs.enumerated().compactMap { index, input in
            guard case .member(let template, _, _) = input.source,
                let member = template.filled(by: captures, in: target)
            else { return nil }
            return (index, member)
        }
    }
}
