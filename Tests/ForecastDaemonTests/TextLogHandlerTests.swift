// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Logging
import Synchronization
import Testing

/// What a terminal shows of the log.
@Suite struct TextLogHandlerTests {
    final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    @Test func fieldsStandBehindTheMessage() {
        let lines = Lines()
        var logger = Logger(label: "forecastd") { _ in
            TextLogHandler { line in lines.all.withLock { $0.append(line) } }
        }
        logger[metadataKey: "pipeline"] = "2"
        logger.info("http open", metadata: ["bind": "127.0.0.1:8080", "pipeline": "3"])
        logger.debug("not at this level")
        logger.warning("nothing comes")
        let shown = lines.all.withLock { $0 }
        #expect(
            shown.map { String($0.dropFirst(20)) } == [
                " info: http open bind=127.0.0.1:8080 pipeline=3", " warning: nothing comes pipeline=2",
            ])
        #expect(shown.allSatisfy { $0.prefix(20).wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil })
    }
}
