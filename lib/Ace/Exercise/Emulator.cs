using PvPatch.Ace.Exercise.Native;

namespace PvPatch.Ace.Exercise;

/// <summary>Runs single instructions on numbered states of the data.</summary>
internal sealed unsafe class Emulator : IDisposable
{
    private const int DivideError = 21; // UC_ERR_EXCEPTION: of what is let through, only a division raises one
    private readonly UnicornEngine engine;
    private readonly AceArea area;
    private readonly DataPool data;
    private readonly ulong* words;
    private readonly List<Store> stores = [];
    private int loaded;

    /// <summary>Maps the area and its data.</summary>
    public Emulator(UnicornLibrary library, AceArea area, AreaMemory memory, DataPool data)
    {
        (this.area, this.data) = (area, data);
        engine = new UnicornEngine(library);
        engine.Map(memory.CodeStart, memory.Code, UnicornEngine.Read | UnicornEngine.Execute);
        if (memory.Data.Length == 0) return;
        fixed (ulong* mapped = engine.Map(memory.DataStart, memory.Data, UnicornEngine.Read | UnicornEngine.Write))
            words = mapped; // native memory: it does not move
    }

    /// <summary>Instructions run so far.</summary>
    public long Instructions { get; private set; }

    /// <summary>The stores of the last step.</summary>
    public IReadOnlyList<Store> Stores => stores;

    /// <summary>Runs one instruction that is no branch.</summary>
    /// <param name="next">Where the next one is.</param>
    /// <param name="context">Before, then after.</param>
    /// <param name="state">The data before, then after.</param>
    /// <returns>Why it could not be run, or null.</returns>
    public StepFault? Step(ulong next, ref Context context, ref int state)
    {
        Instructions++;
        Load(state);
        Context before = context;
        int error = engine.Step(ref context, next);
        stores.Clear();
        ref readonly StepLog log = ref engine.Log;
        StepFault? fault = error != 0 ? Explain(error, before, log) : Collect(before[Context.Rip], log);
        if (fault is null && log.Count == 0) return null;

        // Only the words stored to can have changed; after a fault they are put back.
        int after = state;
        for (int i = 0; i < Math.Min(log.Count, StepLog.Capacity); i++)
        {
            ulong first = (log.Addresses[i] - data.Start) / 8, last = (log.Addresses[i] + (ulong)log.Sizes[i] - 1 - data.Start) / 8;
            for (ulong index = first; index <= last && index < (ulong)data.Length; index++)
            {
                if (fault is null) after = data.Write(after, (int)index, words[index]);
                else words[index] = data.Read(state, (int)index);
            }
        }

        if (fault is null) loaded = state = after;
        return fault;
    }

    /// <inheritdoc/>
    public void Dispose() => engine.Dispose();

    private StepFault? Collect(ulong at, in StepLog log)
    {
        if (log.Count > StepLog.Capacity)
            return new StepFault(ExerciseFailureKind.Instruction, at, $"makes {log.Count} stores at once");
        for (int i = 0; i < log.Count; i++)
        {
            var store = new Store(log.Addresses[i], log.Sizes[i], log.Values[i]);
            if (store.Address < area.DataStart || store.Address + (ulong)store.Size > area.DataEnd)
                return new StepFault(ExerciseFailureKind.Fault, at, $"writes to 0x{store.Address:x}, outside of the data");
            stores.Add(store);
        }

        return null;
    }

    private static StepFault Explain(int error, in Context context, in StepLog log)
    {
        ulong at = context[Context.Rip];
        if (log.FaultType == 0)
        {
            return error == DivideError
                ? new StepFault(ExerciseFailureKind.Fault, at, "divides by zero, or its quotient is too large")
                : new StepFault(ExerciseFailureKind.Instruction, at, $"cannot be emulated (error {error})");
        }

        const int writeUnmapped = 20, fetchUnmapped = 21, writeProtected = 22, fetchProtected = 24;
        if (log.FaultType is fetchUnmapped or fetchProtected)
            return new StepFault(ExerciseFailureKind.Leaves, at, $"runs on to 0x{log.FaultAddress:x}, out of the area");
        if (log.FaultAddress - context[Context.Rsp] + Sentinels.StackReach < 2 * Sentinels.StackReach)
            return new StepFault(ExerciseFailureKind.Stack, at, "uses the stack, which after the swap is the kernel's");
        string verb = log.FaultType is writeUnmapped or writeProtected ? "writes to" : "reads from";
        return new StepFault(ExerciseFailureKind.Fault, at, $"{verb} 0x{log.FaultAddress:x}, outside of the data");
    }

    private void Load(int state)
    {
        if (state == loaded) return;
        ReadOnlySpan<int> old = data.BlocksOf(loaded), wanted = data.BlocksOf(state);
        for (int i = 0; i < wanted.Length; i++)
            if (old[i] != wanted[i]) data.WordsOf(wanted[i]).CopyTo(new Span<ulong>(words + (i * DataPool.BlockWords), DataPool.BlockWords));
        loaded = state;
    }
}
