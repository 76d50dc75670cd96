using System.Runtime.InteropServices;

namespace PvPatch.Ace.Exercise.Native;

/// <summary>One emulated processor: the area readable and executable, its data writable, nothing else mapped.</summary>
internal sealed unsafe class UnicornEngine : IDisposable
{
    /// <summary>UC_PROT_READ, UC_PROT_WRITE, UC_PROT_EXEC.</summary>
    public const uint Read = 1, Write = 2, Execute = 4;

    private const int ArchX86 = 4, Mode64 = 8;

    // UC_X86_REG_RAX … R15 in the order of their encoding, RIP, EFLAGS.
    private static readonly int[] Numbers = [35, 38, 40, 37, 44, 36, 43, 39, 106, 107, 108, 109, 110, 111, 112, 113, 41, 25];
    private readonly UnicornLibrary library;
    private readonly List<nint> pages = [];
    private readonly StepLog* log;
    private readonly int* numbers;
    private readonly ulong* values;
    private readonly void** places;
    private nint engine;

    /// <summary>Opens one.</summary>
    public UnicornEngine(UnicornLibrary library)
    {
        this.library = library;
        log = (StepLog*)NativeMemory.AllocZeroed((nuint)sizeof(StepLog));
        numbers = (int*)NativeMemory.Alloc(Context.Count, sizeof(int));
        values = (ulong*)NativeMemory.AllocZeroed(Context.Count, sizeof(ulong));
        places = (void**)NativeMemory.Alloc(Context.Count, (nuint)sizeof(void*));
        for (int i = 0; i < Context.Count; i++)
        {
            numbers[i] = Numbers[i];
            places[i] = values + i;
        }

        nint opened = 0, hook = 0;
        Check(library.Open(ArchX86, Mode64, &opened), "uc_open");
        engine = opened;
        Check(library.HookAdd(engine, &hook, StepHooks.WriteType, (delegate* unmanaged[Cdecl]<nint, int, ulong, int, long, StepLog*, void>)&StepHooks.OnWrite, log, 1, 0), "uc_hook_add");
        Check(library.HookAdd(engine, &hook, StepHooks.InvalidType, (delegate* unmanaged[Cdecl]<nint, int, ulong, int, long, StepLog*, byte>)&StepHooks.OnInvalid, log, 1, 0), "uc_hook_add");
    }

    /// <summary>What the last step did.</summary>
    public ref readonly StepLog Log => ref *log;

    /// <summary>Maps whole pages and returns their memory, which the caller may change between steps.</summary>
    public Span<ulong> Map(ulong address, ReadOnlySpan<byte> bytes, uint rights)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)bytes.Length, 4096);
        pages.Add((nint)memory);
        bytes.CopyTo(new Span<byte>(memory, bytes.Length));
        Check(library.Map(engine, address, (nuint)bytes.Length, rights, memory), $"uc_mem_map_ptr 0x{address:x}");
        return new Span<ulong>(memory, bytes.Length / sizeof(ulong));
    }

    /// <summary>Runs the instruction at a context's RIP, which is no branch; the context becomes the one after it.</summary>
    /// <param name="context">Before, then after.</param>
    /// <param name="next">Where the next instruction is, so that the emulator does not even translate that one.</param>
    /// <returns>0, or a uc_err.</returns>
    public int Step(ref Context context, ulong next)
    {
        (log->Count, log->FaultType) = (0, 0);
        Span<ulong> registers = context;
        registers.CopyTo(new Span<ulong>(values, Context.Count));
        values[Context.Flags] |= 2; // reads as one, always
        ulong at = context[Context.Rip];

        // RIP goes in with the start; writing it as a register would ask the emulator to stop.
        Check(library.WriteRegisters(engine, numbers, places, Context.Rip), "uc_reg_write_batch");
        Check(library.WriteRegisters(engine, numbers + Context.Flags, places + Context.Flags, 1), "uc_reg_write_batch");
        int error = library.Start(engine, at, next, 0, 1);
        Check(library.ReadRegisters(engine, numbers, places, Context.Count), "uc_reg_read_batch");
        new Span<ulong>(values, Context.Count).CopyTo(registers);
        context[Context.Flags] &= Context.Arithmetic | Context.Direction;
        return error;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (engine == 0) return;
        _ = library.Close(engine);
        engine = 0;
        foreach (nint memory in pages) NativeMemory.AlignedFree((void*)memory);
        NativeMemory.Free(log);
        NativeMemory.Free(numbers);
        NativeMemory.Free(values);
        NativeMemory.Free(places);
    }

    private static void Check(int error, string function)
    {
        if (error != 0) throw new ExerciseException($"{UnicornLibrary.FileName}: {function} fails with error {error}");
    }
}
