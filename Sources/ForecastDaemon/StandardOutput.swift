// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a command gives its results.
package enum StandardOutput {
    /// Writes a text and the end of the line.
    ///
    /// - Throws: A `DaemonError` if it cannot be written; a reader that went away is no error.
    package static func writeLine(_ text: String) throws(DaemonError) {
        var output = TapOutput()
        output.write(text + "\n")
        if !output.flush(), let problem = output.problem { throw problem }
    }
}
