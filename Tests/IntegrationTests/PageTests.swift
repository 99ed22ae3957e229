// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The page, in a real browser, of a real daemon.
@Suite(.serialized) struct PageTests {
    static let live = "document.documentElement.dataset.state === 'live'"
    /// The ids in the rows that exist, from the top.
    static let names = """
        [...document.querySelectorAll('.space .row:not([hidden]):not(.group)')]
            .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map((row) => row.querySelector('a').textContent)
        """

    static func scenario(rule: String = "scale: rolling, warmup: 0, horizon: 4", limit: Int = 20_000) throws
        -> (Scenario, Int)
    {
        let port = Int(try Scenario.freePort())
        return (try Scenario(rule: rule, limit: limit, more: "http: {bind: 127.0.0.1:\(port)}"), port)
    }

    @Test func tenThousandStreamsAreShown() throws {
        let (scenario, port) = try Self.scenario()
        let count = 10_000
        for start in stride(from: 0, to: count, by: 1000) {
            try scenario.send(
                (start..<start + 1000).map { ForecastTests.json("plant.\($0).temp", Double($0), at: 1) })
            _ = try scenario.receive(1000)
        }
        let page = try BrowserPage(port: port)
        try page.wait("document.querySelector('.shown').textContent === '10 001 streams'")
        // Only what is in sight exists, wherever one is.
        #expect(try page.value("document.querySelectorAll('.space .row').length", as: Int.self) < 60)
        #expect(try page.value("(\(Self.names))[0]", as: String.self) == "plant.0.temp")
        _ = try page.value("(document.querySelector('.body').scrollTop = 1e9, true)", as: Bool.self)
        try page.wait("(\(Self.names)).includes('probe')")
        #expect(try page.value("document.querySelectorAll('.space .row').length", as: Int.self) < 60)
        // Search by the keyboard, sort by a click, both in the address.
        try page.press("/")
        try page.type("plant.99*")
        try page.wait("document.querySelector('.shown').textContent === '111 of 10 001'")
        try page.click("[data-key=value]")
        try page.wait("(\(Self.names))[0] === 'plant.9999.temp'")
        #expect(try page.value("location.hash", as: String.self) == "#/?q=plant.99*&sort=value&down=1")
        try page.click("[data-key=value]")
        try page.wait("(\(Self.names))[0] === 'plant.99.temp'")
        // A value that comes moves its row.
        try scenario.send([ForecastTests.json("plant.9950.temp", -5, at: 2)])
        try page.wait("(\(Self.names))[0] === 'plant.9950.temp'")
        try page.wait("document.querySelector('.space .row .value').textContent.includes('−5')")
        let again = try BrowserPage(port: port, try page.value("location.hash", as: String.self))
        try again.wait("(\(Self.names))[0] === 'plant.9950.temp' && (\(Self.names))[1] === 'plant.99.temp'")
        for each in [page, again] { try each.expectPeace() }
        #expect(scenario.daemon.stop() == 0)
    }

    struct History: Decodable {
        struct Tick: Decodable {
            var ts: String
            var y: Double
            var yhat: Double?
        }
        struct Forecast: Decodable {
            var yhat: [Double?]
            var yhat_lower, yhat_upper: [String: [Double]]?
        }
        var ticks: [Tick]
        var paths: [[Double?]]
        var forecast: Forecast
    }

    /// What is drawn is what the API says, which is what was published.
    @Test func aStreamsChartShowsItsForecast() throws {
        let (scenario, port) = try Self.scenario(
            rule: "scale: rolling, warmup: 0, horizon: 4, adapt: light, anomaly: {}")
        let values = (0..<60).map { 20 + Double($0 % 12) }
        try scenario.send(values.enumerated().map { ForecastTests.json("plant/a", $1, at: $0) })
        let published = try scenario.receive(60)
        let history = try HTTPTests.decoded("/api/v1/streams/plant%2Fa/history", port: port, as: History.self)
        #expect(history.ticks.map(\.y) == values && history.ticks.map(\.ts) == published.map(\.payload.ts))
        for (path, forecast) in zip(history.paths, published.suffix(history.paths.count)) {
            for (got, want) in zip(path, forecast.payload.yhat) {
                #expect(abs(try #require(got) - (try #require(want))) < 1e-3)
            }
        }
        let page = try BrowserPage(port: port, "#/stream/plant%2Fa?k=5")
        try page.wait(
            "document.querySelectorAll('.chart canvas').length > 0 && document.querySelector('.chart .dygraph-axis-label')"
        )
        #expect(try page.value("document.querySelector('h1').textContent", as: String.self) == "plant/a")
        // The rows that the chart was given, made anew from what the API says.
        let drawn = """
            (async () => {
                const { rows } = await import('/page/chart.js');
                const history = await (await fetch('/api/v1/streams/plant%2Fa/history')).json();
                const ticks = history.ticks.map((tick) => ({ ...tick, time: Date.parse(tick.ts) }));
                history.paths.forEach((path, i) => { ticks[ticks.length - history.paths.length + i].path = path; });
                return rows(ticks, history.forecast, history.levels, { path: 5 }).map((row) => row.slice(1));
            })()
            """
        let rows = try page.value(drawn, as: [[[Double?]]].self)
        let forecast = history.forecast
        try #require(rows.count == 64 && rows[0].count == 5)
        for (index, row) in rows.enumerated() {
            #expect(row[0][1] == (index < 60 ? values[index] : nil))
            #expect(row[1][1] == (1..<60 ~= index ? history.ticks[index - 1].yhat : nil))
            let step = index - 60
            for (fan, level) in ["0.95", "0.8"].enumerated() where step >= 0 {
                #expect(
                    row[2 + fan] == [
                        forecast.yhat_lower?[level]?[step], forecast.yhat[step],
                        forecast.yhat_upper?[level]?[step],
                    ])
            }
            let made = history.paths[history.paths.count - 6]
            let overlaid: Double? = index == 54 ? values[54] : 55..<59 ~= index ? made[index - 55] : nil
            #expect(row[4][1] == overlaid)
        }
        try page.wait("document.querySelector('table.scores tbody').children.length === 4")
        // What comes next is drawn too.
        try scenario.send([ForecastTests.json("plant/a", 1234.5, at: 60)])
        try page.wait("document.querySelector('.figures dd').textContent === '1234.5'")
        try page.press("Escape")
        try page.wait("location.hash === '#/' && document.querySelector('.streams')")
        try page.expectPeace()
        #expect(scenario.daemon.stop() == 0)
    }

    /// A value that is dropped is on its stream's page, with the key that made it so.
    @Test func whatWasDecidedIsListed() throws {
        let (scenario, port) = try Self.scenario()
        try scenario.send([
            ForecastTests.json("plant.a", 1, at: 10), ForecastTests.json("plant.a", 2, at: 11),
        ])
        _ = try scenario.receive(2)
        let page = try BrowserPage(port: port, "#/stream/plant.a")
        try page.wait("document.querySelector('.cards .card')")
        #expect(try page.value("document.querySelector('.decisions') === null", as: Bool.self))
        try scenario.send([ForecastTests.json("plant.a", 3, at: 5), ForecastTests.json("plant.a", 4, at: 12)])
        // The list is asked for when something comes, every few seconds.
        try eventually("the page lists it") {
            try scenario.join(publisher: "in", subscriber: "out", stream: "plant.a")
            return try page.value("document.querySelector('.decisions') !== null", as: Bool.self)
        }
        let entry = "document.querySelector('.decisions dd[data-kind=late]')"
        #expect(
            try page.value("\(entry).querySelector('code').textContent", as: String.self) == "lateness: 0s")
        #expect(
            try page.value("\(entry).textContent", as: String.self).hasPrefix(
                "the value 3 of 2023-11-14T22:13:25Z was dropped: it came too late"))
        try page.expectPeace()
        #expect(scenario.daemon.stop() == 0)
    }

    /// A daemon that ends shows at once, nothing old looks new, and one that begins again is found.
    @Test func aRestartIsSurvived() throws {
        let (scenario, port) = try Self.scenario()
        try scenario.send([ForecastTests.json("plant.a", 1, at: 1), ForecastTests.json("plant.b", 2, at: 1)])
        _ = try scenario.receive(2)
        let page = try BrowserPage(port: port)
        try page.wait("(\(Self.names)).length === 3")
        try page.expectPeace()
        #expect(scenario.daemon.stop() == 0)
        try page.wait(
            "document.documentElement.dataset.state === 'lost' && !document.getElementById('banner').hidden")
        #expect(
            try page.value("getComputedStyle(document.querySelector('main')).filter", as: String.self)
                == "grayscale(1)")
        try scenario.restartDaemon()
        try scenario.join(publisher: "in", subscriber: "out")
        try scenario.send([ForecastTests.json("plant.c", 3, at: 2)])
        try page.wait(
            "\(Self.live) && document.getElementById('banner').hidden && (\(Self.names)).includes('plant.c')")
        // The daemon knows no more of what was before.
        #expect(try page.value("(\(Self.names)).includes('plant.a')", as: Bool.self) == false)
        #expect(scenario.daemon.stop() == 0)
    }

    /// Whatever an id or a rule looks like, it is text: ids have no characters of markup, and the page adds none.
    @Test func noNameIsMarkup() throws {
        let (scenario, port) = try Self.scenario()
        try scenario.send([
            [#"<img src=x onerror=alert(1)>"#, #"{"value":1}"#], ["javascript:alert/1", #"{"value":1}"#],
        ])
        _ = try scenario.receive(1)
        let page = try BrowserPage(port: port)
        try page.wait("(\(Self.names)).includes('javascript:alert/1')")
        let links =
            "[...document.querySelectorAll('.space a')].every((a) => a.getAttribute('href').startsWith('#/stream/'))"
        #expect(try page.value(links, as: Bool.self))
        // What the daemon refuses would be text as well.
        let shown = """
            (async () => {
                const { feed } = await import('/page/feed.js');
                const stream = feed.byId.get('javascript:alert/1');
                const name = '<img src=x onerror="window.hurt=1"><b>';
                stream.id = stream.search = name;
                feed.dispatchEvent(new Event('streams'));
                const event = new Event('rows');
                event.changed = new Set([stream]);
                document.querySelector('input').value = '<img';
                document.querySelector('input').dispatchEvent(new Event('input'));
                feed.dispatchEvent(event);
                await new Promise((done) => setTimeout(done, 100));
                return [(\(Self.names))[0] === name, window.hurt === undefined, document.querySelectorAll('.space img, .space b').length === 0];
            })()
            """
        #expect(try page.value(shown, as: [Bool].self) == [true, true, true])
        try page.open("#/stream/%3Cimg%20src=x%20onerror=window.hurt=1%3E")
        try page.wait(
            "document.querySelector('h1')?.textContent === '<img src=x onerror=window.hurt=1>' && !document.querySelector('.message').hidden"
        )
        #expect(
            try page.value(
                "window.hurt === undefined && document.querySelectorAll('main img').length === 0",
                as: Bool.self))
        #expect(scenario.daemon.stop() == 0)
    }

    @Test func fitsOnAPhone() throws {
        let (scenario, port) = try Self.scenario(rule: "scale: rolling, warmup: 0, horizon: 4, adapt: light")
        try scenario.send(
            (0..<40).map {
                ForecastTests.json("plant.a.with.a.long.name.that.goes.on.and.on", Double($0 % 7), at: $0)
            })
        _ = try scenario.receive(40)
        let page = try BrowserPage(port: port)
        try page.wait("(\(Self.names)).length === 2")
        try page.resize(width: 390, height: 844, isPhone: true)
        // Rows are higher there.
        try page.wait(
            """
            [...document.querySelectorAll('.space .row:not([hidden])')].map((row) => row.getBoundingClientRect().top)
                .sort((a, b) => a - b).every((top, place, all) => place === 0 || top - all[place - 1] >= 59)
            """)
        let fits =
            "document.documentElement.scrollWidth <= 390 && document.querySelector('main').scrollWidth <= 390"
        try page.wait("(\(Self.names)).length === 2 && \(fits)")
        try page.click(".space .row:not([hidden])")
        try page.wait("document.querySelector('.chart canvas') && \(fits)")
        try page.open("#/daemon")
        try page.wait("document.querySelectorAll('.tile').length === 4 && \(fits)")
        try page.expectPeace()
        #expect(scenario.daemon.stop() == 0)
    }
}
