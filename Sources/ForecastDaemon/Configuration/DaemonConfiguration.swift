// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// All that a configuration file says, checked: what a daemon is built from.
public struct DaemonConfiguration: Sendable, Equatable {
    /// Where observations come from, at least one, in the order of the file.
    public var inputs: [InputConfiguration]
    /// Where forecasts go, at least one, in the order of the file.
    public var outputs: [OutputConfiguration]
    /// The models that rules name, at least one, in the order of the file.
    public var models: [ModelConfiguration]
    /// The rules that give streams their model, at least one; the first match wins.
    public var streams: [StreamRuleConfiguration]
    /// The most streams that are followed at a time; values of any further one are refused and counted.
    public var streamsLimit = 100_000
    /// Pipelines that the streams are divided among.
    public var pipelines = PipelineCount.fixed(1)
    /// How each pipeline runs.
    public var pipeline: PipelineConfiguration
    /// What is logged.
    public var log: LogConfiguration
    /// Where reports are served over HTTP; nil for nowhere.
    public var http: HTTPConfiguration?
    /// How state is kept; nil where a restart forgets it.
    public var state: StateConfiguration?
    /// The daemon's own key and whom its sockets admit; nil where they talk with everybody.
    public var curve: CurveConfiguration?
    /// Where the running daemon is told what changes it; nil for the place that the service manager gives, if it does.
    public var control: ControlConfiguration?

    /// Reads the file at `path`.
    ///
    /// - Throws: `ConfigurationError.unreadable`, or `.invalid` with every problem of the file.
    public static func load(path: String) throws(ConfigurationError) -> DaemonConfiguration {
        try parse(try ConfigurationFile.text(path: path), file: path)
    }

    /// Reads a configuration from `text`.
    ///
    /// - Parameter file: The file's name for problems; relative paths in the text start at its directory.
    /// - Throws: `ConfigurationError.invalid` with every problem of the text.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> DaemonConfiguration {
        try read(text, report: ConfigurationReport(file: file))
    }

    /// The keys that the reader asks for while it reads `text`, and those that `text` holds.
    ///
    /// The known keys are complete where the text has an input, an output, a model and a rule.
    package static func keys(
        in text: String, file: String
    ) throws(ConfigurationError) -> (known: Set<ConfigurationKey>, written: Set<ConfigurationKey>) {
        let report = ConfigurationReport(file: file)
        _ = try read(text, report: report)
        return (report.knownKeys, report.writtenKeys)
    }

    private static func read(
        _ text: String, report: ConfigurationReport
    ) throws(ConfigurationError) -> DaemonConfiguration {
        guard let root = ConfigurationDocument.root(of: text, report: report) else {
            throw report.error
        }
        var configuration: DaemonConfiguration = ConfigurationTable.read(
            root, name: "", path: "", section: "", at: .start, report: report)
        guard report.isClean else { throw report.error }
        for index in configuration.models.indices {
            configuration.models[index].resolveWeights(besideFile: report.file)
        }
        configuration.state?.resolveDirectory(besideFile: report.file)
        configuration.control?.resolvePath(besideFile: report.file)
        configuration.curve?.resolvePaths(besideFile: report.file)
        configuration.http?.resolveToken(besideFile: report.file)
        for index in configuration.inputs.indices {
            configuration.inputs[index].connection.resolveClients(besideFile: report.file)
        }
        for index in configuration.outputs.indices {
            configuration.outputs[index].connection.resolveClients(besideFile: report.file)
        }
        return configuration
    }
}

extension DaemonConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        inputs = table.require("inputs", "where observations come from")?.readNamedSections() ?? []
        outputs = table.require("outputs", "where forecasts go")?.readNamedSections() ?? []
        models = table.require("models", "what forecasts are made with")?.readNamedSections() ?? []
        streams = table.require("streams", "the rules that give streams a model")?.readSections() ?? []
        table.read("streams_limit", in: 1...10_000_000, into: &streamsLimit)
        if let value = table.take("pipelines") { pipelines = value.pipelineCount() ?? pipelines }
        pipeline = table.readSection("pipeline")
        log = table.readSection("log")
        http = table.take("http")?.readSection(name: "http")
        state = table.take("state")?.readSection(name: "state")
        control = table.take("control")?.readSection(name: "control")
        curve = table.take("curve")?.readSection(name: "curve")
        checkRules(table)
        checkSecurity(table)
        for output in outputs
        where output.anomalies != .off && !streams.contains(where: { $0.anomalies != nil }) {
            table.problem(
                "outputs.\(output.name).anomalies",
                "there are no alarms: no rule looks for anomalies; give one the key anomaly, as anomaly: {debounce: 3}"
            )
        }
    }

    /// A rule names a model that exists, and no earlier rule takes all of its streams.
    private func checkRules(_ table: borrowing ConfigurationTable) {
        let names = models.map(\.name)
        var everything: Int?
        var earlier: [String: Int] = [:]
        for (index, rule) in streams.enumerated() {
            let path = "streams[\(index)]"
            if !rule.model.isEmpty && !names.isEmpty && !names.contains(rule.model) {
                let near = ConfigurationSuggestion.nearest(to: rule.model, among: names)
                let choice =
                    names.count > 8
                    ? "one of the \(names.count) models" : ConfigurationSuggestion.alternatives(names)
                table.problem(
                    "\(path).model",
                    "expected the name of a model (\(choice)), found "
                        + ConfigurationSuggestion.quoted(rule.model) + ConfigurationSuggestion.question(near))
            }
            guard !rule.match.isEmpty else { continue }
            if let cover = earlier[rule.match] ?? everything {
                table.problem(
                    "\(path).match",
                    "this rule is never reached: streams[\(cover)] before it matches the same streams"
                )
            }
            if earlier[rule.match] == nil { earlier[rule.match] = index }
            if rule.match == "*" && everything == nil { everything = index }
        }
    }
}
