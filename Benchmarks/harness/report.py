# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Tables as plain text."""


def print_table(title, rows):
    """Prints rows of text with aligned columns; the first row holds the heads. Numbers stand at the right."""
    print(f"\n{title}")
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    are_numbers = [all(is_number(row[column]) for row in rows[1:]) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(width) if is_right else cell.ljust(width)
                 for cell, width, is_right in zip(row, widths, are_numbers)]
        print("  " + "  ".join(cells).rstrip())


def is_number(cell):
    return cell == "-" or cell[:1].isdigit()
