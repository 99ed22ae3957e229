# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The model in PyTorch, in the two ways in which one writes it to carry the state from step to step."""
import torch
from torch import nn


class LSTMStep(nn.Module):
    """nn.LSTM over a sequence of one, and nn.Linear. The state is a pair of tensors, or None at the start."""

    def __init__(self, inputs, hidden, layers, outputs):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, layers)
        self.linear = nn.Linear(hidden, outputs)

    def load(self, weights):
        self.load_state_dict({name: torch.from_numpy(tensor.copy()) for name, tensor in weights.items()})

    def forward(self, values, state):
        sequence, state = self.lstm(values.unsqueeze(0), state)
        return self.linear(sequence[0]), state


class CellStep(nn.Module):
    """A stack of nn.LSTMCell, and nn.Linear. The state is a list of pairs, or None at the start."""

    def __init__(self, inputs, hidden, layers, outputs):
        super().__init__()
        self.cells = nn.ModuleList(nn.LSTMCell(hidden if layer else inputs, hidden) for layer in range(layers))
        self.linear = nn.Linear(hidden, outputs)

    def load(self, weights):
        def renamed(name):
            part, _, layer = name.removeprefix("lstm.").rpartition("_l")
            return f"cells.{layer}.{part}" if part else name

        self.load_state_dict({renamed(name): torch.from_numpy(tensor.copy()) for name, tensor in weights.items()})

    def forward(self, values, state):
        next_state = []
        for layer, cell in enumerate(self.cells):
            next_state.append(cell(values, state[layer] if state else None))
            values = next_state[layer][0]
        return self.linear(values), next_state
