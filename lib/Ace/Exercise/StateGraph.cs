using System.Runtime.InteropServices;
using Iced.Intel;

namespace PvPatch.Ace.Exercise;

/// <summary>Every machine state seen and its successor. A machine is deterministic: no instruction runs twice in one state.</summary>
/// <remarks>
/// Schedules differ in the order of the same few steps, so that nearly all of a million interleavings are walks over
/// edges known already; that, and nothing left out, is what makes trying all of them cheap.
/// </remarks>
internal sealed class StateGraph(AceArea area, CodeMap code, Emulator emulator, ContextPool contexts, DataPool data, ExerciseOptions options)
{
    private readonly Dictionary<ulong, int> numbers = [];
    private readonly List<Node> nodes = [];
    private readonly Dictionary<int, StepFault> faults = [];
    private readonly Dictionary<int, Store[]> stores = [];
    private readonly List<int> path = [];
    private readonly Dictionary<int, int> positions = [];

    /// <summary>The instructions.</summary>
    public CodeMap Code => code;

    /// <summary>The contexts that nodes name.</summary>
    public ContextPool Contexts => contexts;

    /// <summary>The states of the data that nodes name.</summary>
    public DataPool Data => data;

    /// <summary>A node as far as it is known; the reference holds until the next one is made.</summary>
    public ref readonly Node this[int node] => ref At(node);

    /// <summary>The processor in a node.</summary>
    public ref readonly Context ContextOf(int node) => ref contexts[At(node).Context];

    /// <summary>The node of a processor and a state of the data.</summary>
    public int Find(int context, int state)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, ((ulong)(uint)context << 32) | (uint)state, out bool known);
        if (known) return number;
        number = nodes.Count;
        if (number >= options.MachineStates) throw new BoundReachedException($"{options.MachineStates:n0} machine states");
        bool inside = area.Contains(contexts[context][Context.Rip]);
        nodes.Add(new Node
        {
            Context = context,
            Data = state,
            End = number,
            Kind = inside ? NodeKind.Unknown : NodeKind.Returned,
            EndKind = inside ? EndKind.Unknown : EndKind.Returned,
        });
        return number;
    }

    /// <summary>The instruction that a node is about to run.</summary>
    public CodeInstruction InstructionOf(int node) => code.At(ContextOf(node)[Context.Rip]);

    /// <summary>Runs one instruction.</summary>
    /// <returns>The node after it; -1 when it cannot be run or the area was left.</returns>
    public int Next(int node)
    {
        if (At(node).Kind == NodeKind.Unknown) Run(node);
        return At(node).Kind == NodeKind.Step ? At(node).Next : -1;
    }

    /// <summary>Runs on until the end; <see cref="Node.End"/>, <see cref="Node.EndKind"/> and the distance are known then.</summary>
    public ref readonly Node Finish(int node)
    {
        if (At(node).EndKind == EndKind.Unknown) Follow(node);
        return ref At(node);
    }

    /// <summary>Why a failed node's instruction cannot be run.</summary>
    public StepFault FaultOf(int node) => faults[node];

    /// <summary>The stores of a node's instruction.</summary>
    public IReadOnlyList<Store> StoresOf(int node) => Next(node) >= 0 && stores.TryGetValue(node, out Store[]? made) ? made : [];

    private ref Node At(int node) => ref CollectionsMarshal.AsSpan(nodes)[node];

    private void Run(int node)
    {
        Context context = ContextOf(node);
        int state = At(node).Data;
        CodeInstruction instruction = InstructionOf(node);
        StepFault? fault = null;
        if (instruction.Returns)
        {
            context[Context.Rip] = context[Context.R11];
            if (area.Contains(context[Context.R11]))
                fault = new StepFault(ExerciseFailureKind.ComesBackElsewhere, instruction.Decoded.IP, $"jumps to 0x{context[Context.R11]:x}, into the area");
        }
        else if (instruction.Refusal is { } refusal)
        {
            fault = new StepFault(instruction.RefusalKind, instruction.Decoded.IP, refusal);
        }
        else
        {
            if (instruction.Decoded.FlowControl == FlowControl.Next) fault = emulator.Step(instruction.Decoded.NextIP, ref context, ref state);
            else Branches.Follow(instruction.Decoded, ref context);
            if (fault is null && !area.Contains(context[Context.Rip]))
                fault = new StepFault(ExerciseFailureKind.Leaves, instruction.Decoded.IP, $"runs on to 0x{context[Context.Rip]:x}, out of the area");
        }

        if (fault is not null)
        {
            faults.Add(node, fault);
            (At(node).Kind, At(node).EndKind) = (NodeKind.Failed, EndKind.Failed);
            return;
        }

        if (instruction.Decoded.FlowControl == FlowControl.Next && emulator.Stores.Count != 0) stores.Add(node, [.. emulator.Stores]);
        int next = Find(contexts.Add(context), state);
        (At(node).Kind, At(node).Next) = (NodeKind.Step, next);
    }

    private void Follow(int node)
    {
        path.Clear();
        positions.Clear();
        EndKind kind;
        int last = node, distance = 0;
        while (true)
        {
            if (positions.TryGetValue(last, out int before))
            {
                // The state comes again; whoever is inside the circle is already where the run ends.
                kind = EndKind.Spins;
                for (int i = before; i < path.Count; i++) SetEnd(path[i], path[i], 0, kind);
                path.RemoveRange(before, path.Count - before);
                break;
            }

            if (path.Count > options.StepBound)
            {
                kind = EndKind.Runaway;
                break;
            }

            int next = At(last).EndKind == EndKind.Unknown ? Next(last) : -1;
            if (next < 0)
            {
                (kind, distance, last) = (At(last).EndKind, At(last).Distance, At(last).End);
                break;
            }

            positions.Add(last, path.Count);
            path.Add(last);
            last = next;
        }

        for (int i = path.Count - 1; i >= 0; i--) SetEnd(path[i], last, ++distance, kind);
    }

    private void SetEnd(int node, int end, int distance, EndKind kind)
    {
        ref Node at = ref At(node);
        (at.End, at.Distance, at.EndKind) = (end, distance, kind);
    }
}
